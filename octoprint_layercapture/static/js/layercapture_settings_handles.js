/* The handles of the grid's picture: its centre and its spacings, by mouse, finger, keys. */
(function () {
    const { number } = window.LayerCaptureFields;

    const OUTSIDE = 24; // units of the picture from the last column or row to its handle
    const STEP = 1; // mm
    const LONG_STEP = 10; // mm, with Shift
    const FARTHEST = 2000; // mm, as far as a centre may be
    const SPACINGS = [1, 1000]; // mm

    const ARROWS = {
        ArrowLeft: [-1, 0],
        ArrowRight: [1, 0],
        ArrowUp: [0, 1],
        ArrowDown: [0, -1],
    };

    const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
    const whole = (value, least, most) => clamp(Math.round(value), least, most);

    /** Centre, spacings, columns and rows of the grid that is drawn, mm. */
    const shapeOf = ({ positions }) => {
        const [first, last] = [_.head(positions), _.last(positions)];
        const columns = _.filter(positions, { y: first.y }).length;
        const rows = positions.length / columns;
        return {
            columns: columns,
            rows: rows,
            x: (first.x + last.x) / 2,
            y: (first.y + last.y) / 2,
            spacing_x: columns > 1 ? (last.x - first.x) / (columns - 1) : 0,
            spacing_y: rows > 1 ? (last.y - first.y) / (rows - 1) : 0,
        };
    };

    /**
     * `preview` and `view`: what is drawn, and where. `values`: where the values go, by
     * key. `dragged` is called after each change while a handle is held, and at its end.
     */
    function LayerCaptureHandles({ preview, view, values, dragged }) {
        const self = this;
        const held = ko.observable(); // the shape that a handle was dragged to
        let dragging = false;
        const shape = ko.pureComputed(
            () => held() || (preview() && shapeOf(preview())) || null,
        );

        self.dragging = () => dragging;

        /** What is drawn now is what the handles were dragged to. */
        self.settled = () => {
            if (!dragging) held(undefined);
        };

        const place = (find) =>
            ko.pureComputed(() => {
                if (!shape() || !view()) return null;
                return `translate(${find(shape(), view())})`;
            });
        const words = (format, find) =>
            ko.pureComputed(() => (shape() ? _.sprintf(format, find(shape())) : ""));
        const round = (value) => _.round(value, 2);

        self.center = {
            place: place((grid, at) => [at.x(grid.x), at.y(grid.y)]),
            now: ko.pureComputed(() => shape() && round(shape().x)),
            words: words(gettext("X %(x)s, Y %(y)s mm"), (grid) => ({
                x: number(grid.x, 2),
                y: number(grid.y, 2),
            })),
            there: ko.pureComputed(() => !!shape()),
            drag: (grid, to) => ({
                x: whole(to.x, -FARTHEST, FARTHEST),
                y: whole(to.y, -FARTHEST, FARTHEST),
            }),
            anchor: (grid) => ({ x: grid.x, y: grid.y }),
            step: (grid, [dx, dy], mm) => ({
                x: dx ? whole(grid.x + dx * mm, -FARTHEST, FARTHEST) : grid.x,
                y: dy ? whole(grid.y + dy * mm, -FARTHEST, FARTHEST) : grid.y,
            }),
        };

        /** The handle of one spacing; `axis` is "x" or "y", `count` columns or rows. */
        const spacing = (axis, count) => {
            const key = `spacing_${axis}`;
            const end = (grid) => grid[axis] + (grid[key] * (grid[count] - 1)) / 2;
            return {
                place: place((grid, at) =>
                    axis === "x"
                        ? [at.x(end(grid)) + OUTSIDE, at.y(grid.y)]
                        : [at.x(grid.x), at.y(end(grid)) - OUTSIDE],
                ),
                now: ko.pureComputed(() => shape() && round(shape()[key])),
                words: words(gettext("%(spacing)s mm"), (grid) => ({
                    spacing: number(grid[key], 2),
                })),
                there: ko.pureComputed(() => !!shape() && shape()[count] > 1),
                drag: (grid, to) => ({
                    [key]: whole(
                        ((to[axis] - grid[axis]) * 2) / (grid[count] - 1),
                        ...SPACINGS,
                    ),
                }),
                anchor: (grid) => ({ x: grid.x, y: grid.y, [axis]: end(grid) }),
                step: (grid, [dx, dy], mm) => ({
                    [key]: whole(grid[key] + (dx || dy) * mm, ...SPACINGS),
                }),
            };
        };
        self.spacingX = spacing("x", "columns");
        self.spacingY = spacing("y", "rows");

        const KEYS = {
            x: "grid.center_x",
            y: "grid.center_y",
            spacing_x: "grid.spacing_x",
            spacing_y: "grid.spacing_y",
        };
        const write = (before, change) =>
            _.forEach(change, (value, name) => {
                if (value !== before[name]) values(KEYS[name])(value);
            });

        /** The grid as it is typed, where that can be drawn; the picture may lag behind. */
        const typed = () => {
            const grid = { ...shape() };
            _.forEach(KEYS, (key, name) => {
                const value = values(key)();
                if (_.isFinite(value)) grid[name] = value;
            });
            return grid;
        };

        self.pressed = (handle) => (data, event) => {
            const { key, shiftKey } = event.originalEvent || event;
            if (!ARROWS[key] || !shape()) return true;
            const grid = typed();
            write(grid, handle.step(grid, ARROWS[key], shiftKey ? LONG_STEP : STEP));
            return false;
        };

        self.grabbed = (handle) => (data, event) => {
            const down = event.originalEvent || event;
            if (down.button || !shape()) return true;
            const target = down.currentTarget || event.currentTarget;
            const svg = target.ownerSVGElement;
            const on = (move) => {
                const point = svg.createSVGPoint();
                point.x = move.clientX;
                point.y = move.clientY;
                const at = point.matrixTransform(svg.getScreenCTM().inverse());
                return view.peek().bedAt(at);
            };
            const grid = typed();
            const anchor = handle.anchor(grid);
            const start = on(down);
            dragging = true;
            held(grid);
            target.focus({ preventScroll: true });
            target.setPointerCapture(down.pointerId);

            const move = (moved) => {
                const now = on(moved);
                const to = {
                    x: anchor.x + now.x - start.x,
                    y: anchor.y + now.y - start.y,
                };
                const change = handle.drag(grid, to);
                const before = held();
                if (_.every(change, (value, name) => value === before[name])) return;
                held({ ...before, ...change });
                write(before, change);
                dragged();
            };
            const stop = () => {
                target.removeEventListener("pointermove", move);
                target.removeEventListener("pointerup", stop);
                target.removeEventListener("pointercancel", stop);
                dragging = false;
                dragged();
            };
            target.addEventListener("pointermove", move);
            target.addEventListener("pointerup", stop);
            target.addEventListener("pointercancel", stop);
            return false;
        };
    }

    window.LayerCaptureHandles = LayerCaptureHandles;
})();
