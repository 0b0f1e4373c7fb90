/* The board: the grid to scale, with a cell for each position and its picture in it.
 *
 * Whoever shows one keeps an instance and feeds it; `layercapture_board.jinja2` draws it:
 *     <!-- ko template: {name: "layercapture-board", data: board} --><!-- /ko -->
 */
(function () {
    const { say, number } = window.LayerCaptureFields;

    const IMAGES = 99; // in the cells; with the large one a page never holds more than 100
    const TALLEST = 460; // px of the whole board
    const WIDEST = 210; // px of one cell
    const DENSE = 11; // columns or rows from which on cells hold no numbers beside pictures

    /** Different coordinates in ascending order; those closer than a hair are one. */
    const different = (values) =>
        _.sortBy(values).filter((value, at, all) => !at || value - all[at - 1] > 0.001);

    const between = (values) => (values.length > 1 ? values[1] - values[0] : null);

    const placeOf = (values, value) =>
        _.findIndex(values, (each) => Math.abs(each - value) <= 0.001);

    /** Columns, rows, and where each position lies; the front of the bed is below. */
    const layoutOf = (positions) => {
        const xs = different(_.map(positions, "x"));
        const ys = different(_.map(positions, "y"));
        const wide = between(xs) || between(ys) || 1;
        const deep = between(ys) || between(xs) || 1;
        const ratio = (xs.length * wide) / (ys.length * deep || 1);
        const width = Math.min(TALLEST * ratio, WIDEST * xs.length);
        return {
            columns: xs.length,
            rows: ys.length,
            dense: Math.max(xs.length, ys.length) >= DENSE,
            style: {
                gridTemplateColumns: `repeat(${xs.length || 1}, minmax(0, 1fr))`,
                gridTemplateRows: `repeat(${ys.length || 1}, minmax(0, 1fr))`,
                aspectRatio: String(ratio || 1),
                maxWidth: `${Math.round(width) || WIDEST}px`,
            },
            places: positions.map(({ x, y }) => ({
                column: placeOf(xs, x),
                row: ys.length - 1 - placeOf(ys, y),
            })),
        };
    };

    const words = (state) => {
        if (state === "visiting") return gettext("the head is here or on its way");
        return state === "arrived"
            ? gettext("picture arrived")
            : gettext("no picture yet");
    };

    /** One position of the grid. */
    function Cell(board, position, { column, row }) {
        const self = this;

        self.index = position.index;
        self.column = column;
        self.row = row;
        self.refused = position.refused || "";
        self.marks = ko.observable({}); // camera -> {thumbnail, url} or {failure}
        self.unloadable = ko.observable(false); // the thumbnail cannot be had

        self.mark = ko.pureComputed(() => self.marks()[board.camera()]);
        self.picture = ko.pureComputed(() => {
            const mark = self.mark();
            return mark && mark.url ? mark : null;
        });
        self.state = ko.pureComputed(() => {
            if (self.refused) return "refused";
            if (self.mark()) return self.picture() ? "arrived" : "failed";
            return board.visiting() === self.index ? "visiting" : "empty";
        });
        self.style = { gridColumn: column + 1, gridRow: row + 1 };
        self.css = ko.pureComputed(() => `layercapture-cell-${self.state()}`);
        self.thumbnail = ko.pureComputed(() => {
            const picture = self.picture();
            const shown = picture && !self.unloadable() && board.shown().has(self.index);
            return shown ? picture.thumbnail : null;
        });
        self.dot = ko.pureComputed(() => self.picture() && !self.thumbnail());
        self.words = ko.pureComputed(() => {
            const mark = self.mark();
            if (self.refused) return self.refused;
            return mark && mark.failure ? mark.failure : words(self.state());
        });
        self.label = ko.pureComputed(() =>
            _.sprintf(gettext("Position %(index)s, X %(x)s, Y %(y)s: %(words)s"), {
                index: self.index,
                x: number(position.x, 1),
                y: number(position.y, 1),
                words: self.words(),
            }),
        );
        self.caption = ko.pureComputed(() =>
            _.sprintf(
                gettext("Position %(index)s, X %(x)s, Y %(y)s, camera %(camera)s"),
                {
                    index: self.index,
                    x: number(position.x, 1),
                    y: number(position.y, 1),
                    camera: board.camera(),
                },
            ),
        );
        self.alt = ko.pureComputed(() =>
            _.sprintf(gettext("Picture at position %(index)s, camera %(camera)s"), {
                index: self.index,
                camera: board.camera(),
            }),
        );
    }

    function LayerCaptureBoard() {
        const self = this;

        self.cells = ko.observableArray();
        self.cameras = ko.observableArray(); // names
        self.camera = ko.observable(); // the one whose pictures are shown
        self.visiting = ko.observable(); // index of the position the head is at
        self.large = ko.observable(); // the cell whose picture is shown large
        self.focused = ko.observable(); // index of the cell that the tab key leads to
        self.style = ko.observable({});
        self.dense = ko.observable(false);
        self.shown = ko.observable(new Set()); // cells that may hold an image now

        const arrivals = []; // indices in the order in which pictures came
        let byIndex = {};

        const choose = () => {
            const there = arrivals.filter((index) => byIndex[index].picture());
            self.shown(new Set(there.slice(-IMAGES)));
        };
        self.camera.subscribe(() => {
            self.large(undefined);
            self.cells().forEach((cell) => cell.unloadable(false));
            choose();
        });

        self.many = ko.pureComputed(() => self.cameras().length > 1);
        self.empty = ko.pureComputed(() => self.cells().length === 0);
        self.failures = ko.pureComputed(() =>
            self.cells().flatMap(({ index, marks }) =>
                Object.entries(marks())
                    .filter(([, { failure }]) => failure)
                    .map(([camera, { failure, named }]) =>
                        _.sprintf(
                            self.many() && !named
                                ? gettext(
                                      "Position %(index)s, camera %(camera)s: %(why)s",
                                  )
                                : gettext("Position %(index)s: %(why)s"),
                            { index: index, camera: camera, why: failure },
                        ),
                    ),
            ),
        );

        /** Draw a grid anew, without pictures: positions [{index, x, y, refused}], where
         * `refused` is why one is left out, in words; cameras by their names. */
        self.show = ({ positions, cameras }) => {
            const layout = layoutOf(positions); // a picture shown large stays open
            self.visiting(undefined);
            arrivals.length = 0;
            self.shown(new Set());
            self.style(layout.style);
            self.dense(layout.dense);
            const cells = positions.map(
                (position, at) => new Cell(self, position, layout.places[at]),
            );
            byIndex = Object.fromEntries(cells.map((cell) => [cell.index, cell]));
            self.cells(cells);
            self.focused(cells.length ? cells[0].index : undefined);
            self.cameras(cameras);
            if (!_.includes(cameras, self.camera())) self.camera(cameras[0]);
        };

        /** What became of a position: {thumbnail, url} of its picture, or {failure}. */
        self.mark = (index, camera, mark) => {
            const cell = byIndex[index];
            if (!cell || _.isEqual(cell.marks()[camera], mark)) return;
            cell.unloadable(false);
            cell.marks({ ...cell.marks(), [camera]: mark });
            if (!_.includes(arrivals, index)) arrivals.push(index);
            choose();
        };

        /** Why there is no picture, as the server tells it; most name the camera. */
        self.fail = ({ index, camera, ...why }) =>
            self.mark(index, camera, {
                failure: say(why),
                named: _.has(why.params, "camera"),
            });

        /** Forget pictures and failures; the grid stays. */
        self.clear = () => {
            self.large(undefined);
            self.visiting(undefined);
            arrivals.length = 0;
            self.cells().forEach((cell) => cell.marks({}));
            choose();
        };

        self.largeCaption = ko.pureComputed(() => {
            const cell = self.large();
            return cell ? cell.caption() : "";
        });

        self.open = (cell) => {
            self.focused(cell.index);
            if (cell.picture()) self.large(cell);
        };
        self.close = () => self.large(undefined);

        /** The large picture's neighbour among those that there are. */
        self.step = (by) => {
            const there = self.cells().filter((cell) => cell.picture());
            if (!there.length) return;
            const at = Math.max(0, there.indexOf(self.large()));
            self.large(there[(at + by + there.length) % there.length]);
        };

        const MOVES = {
            ArrowLeft: [-1, 0],
            ArrowRight: [1, 0],
            ArrowUp: [0, -1],
            ArrowDown: [0, 1],
        };
        /** Arrow keys go from cell to cell. */
        self.pressed = (cell, event) => {
            const move = MOVES[event.key];
            if (!move) return true;
            const next = self
                .cells()
                .find(
                    ({ column, row }) =>
                        column === cell.column + move[0] && row === cell.row + move[1],
                );
            if (!next) return false;
            self.focused(next.index);
            const board = event.currentTarget.parentElement;
            board.children[self.cells().indexOf(next)].focus();
            return false;
        };
        /** Within the large view; Escape acts once it is let go, so that a settings
         * dialog around the board does not take it for its own. */
        self.pressedLarge = (_board, event) => {
            if (event.key === "ArrowLeft") self.step(-1);
            else if (event.key === "ArrowRight") self.step(1);
            else return event.key !== "Escape";
            return false;
        };
        self.releasedLarge = (_board, event) => {
            if (event.key === "Escape") self.close();
            return true;
        };
    }

    /** A dialog that is open while the observable holds something. */
    ko.bindingHandlers.layercaptureDialog = {
        init: (element, value) => {
            element.addEventListener("close", () => value()(undefined));
            element.addEventListener("click", (event) => {
                if (event.target === element) value()(undefined); // beside the picture
            });
        },
        update: (element, value) => {
            const wanted = Boolean(value()());
            if (wanted && !element.open) element.showModal();
            if (!wanted && element.open) element.close();
        },
    };

    window.LayerCaptureBoard = LayerCaptureBoard;
})();
