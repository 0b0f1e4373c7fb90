/* One print in the gallery: its map of positions, its layers, and what to do with them. */
(function () {
    const gallery = window.LayerCaptureGallery;
    const { words, transfer } = gallery;
    const { Stage } = gallery.pictures;

    const TYPING = "input:not(.layercapture-layers), select, textarea";
    const MANY = 144; // positions up to which the map has pictures

    /** One position on the map; its picture changes with the layer. */
    const cellOf = (view, { index, x, y }) => {
        const { look } = view;
        const cell = { index: index };
        cell.picture = ko.pureComputed(() => look.rested()[index]);
        cell.failed = ko.pureComputed(() => !!look.failures()[index]);
        cell.missing = ko.pureComputed(() => look.settled() && !look.pictures()[index]);
        cell.chosen = ko.pureComputed(() => look.position() === index);
        cell.box = ko.pureComputed(() => ({
            src: view.pictured() && cell.picture() ? cell.picture().thumbnail : null,
            alt: "",
        }));
        cell.text = ko.pureComputed(() => {
            const place = _.sprintf(gettext("Position %(index)s: %(place)s"), {
                index: index,
                place: words.placeOf({ x: x, y: y }),
            });
            if (look.failures()[index]) {
                return `${place}. ${words.failureOf(look.failures()[index])}`;
            }
            return cell.missing()
                ? `${place}. ${gettext("No picture at this layer.")}`
                : place;
        });
        cell.choose = () => {
            look.position(index);
            if (view.mode() === "all") view.mode("one");
        };
        return cell;
    };

    function PrintView() {
        const self = this;
        const look = new gallery.Look();

        self.look = look;
        self.mode = ko.observable("one"); // or "all", "compare"
        self.stage = new Stage(
            ko.pureComputed(() => (look.picture() ? look.picture().url : undefined)),
        );
        self.viewer = new gallery.Viewer(look);
        self.player = new gallery.Player(look);
        self.compare = new gallery.Compare(look);
        self.videos = new gallery.Videos(look);
        self.problem = ko.observable("");

        self.isOpen = ko.pureComputed(() => !!look.key());
        self.ready = ko.pureComputed(() => !!look.info());
        self.name = ko.pureComputed(() => (look.info() ? look.info().name : ""));
        self.state = ko.pureComputed(() =>
            look.info() ? words.stateOf(look.info()).text() : "",
        );
        self.label = ko.pureComputed(() =>
            look.info() ? words.stateOf(look.info()).label : "",
        );
        self.about = ko.pureComputed(() => {
            if (!look.info()) return "";
            const { started, slicer, file } = look.info();
            return _.compact([
                words.date(started),
                words.countsOf(look.info()),
                slicer,
                file,
            ]).join(" · ");
        });
        self.nothing = ko.pureComputed(() => self.ready() && !look.layers().length);
        self.pictured = ko.pureComputed(
            () => self.mode() === "all" || look.spots().length <= MANY,
        );
        self.running = ko.pureComputed(
            () => !!look.info() && look.info().state === "running",
        );
        self.downloads = ko.pureComputed(() =>
            look.info() ? transfer.downloadsOf(look) : [],
        );

        /** Row by row from the back, as one looks down on the bed. */
        self.cells = ko.pureComputed(() => {
            const columns = look.columns();
            const rows = _.chunk(
                look.spots().map((spot) => cellOf(self, spot)),
                columns,
            );
            return _.flatten(rows.reverse());
        });
        /** The cells have the shape of the pictures, of which nothing is cut away. */
        const shape = ko.pureComputed(() => {
            const { width, height } = _.find(look.pictures(), "height") || {};
            return height ? `${width} / ${height}` : "4 / 3";
        });
        self.mapStyle = ko.pureComputed(
            () =>
                `--layercapture-columns: ${look.columns()}; --layercapture-shape: ${shape()}`,
        );

        self.missing = ko.pureComputed(() => {
            if (look.problem()) return words.refusalOf(look.problem());
            if (!look.settled() || look.picture()) return "";
            return look.failure()
                ? words.failureOf(look.failure())
                : gettext("There is no picture of this position at this layer.");
        });
        self.brief = ko.pureComputed(() =>
            look.picture() && look.info()
                ? words.briefOf(look.picture(), look.info())
                : [],
        );
        self.ending = ko.pureComputed(() => words.endingOf(look.capture()));
        self.alt = ko.pureComputed(() => {
            const picture = look.picture();
            if (!picture) return "";
            return _.sprintf(
                gettext("Layer %(layer)s at position %(index)s, camera %(camera)s"),
                picture,
            );
        });
        self.caption = ko.pureComputed(() => {
            const capture = look.capture();
            if (!look.settled() || !capture) return "";
            const total = look.info() && look.info().layers_total;
            return _.sprintf(gettext("Layer %(layer)s · position %(index)s"), {
                layer: words.layerOf(capture.layer, capture.z, total),
                index: look.position(),
            });
        });
        self.spoken = ko
            .pureComputed(() =>
                self.player.playing() ? "" : [self.caption(), self.missing()].join(" "),
            )
            .extend({ rateLimit: { timeout: 400, method: "notifyWhenChangesStop" } });

        self.atFirst = ko.pureComputed(() => look.at() === 0);
        self.atLast = ko.pureComputed(() => look.at() >= look.layers().length - 1);

        self.step = (by) => {
            self.player.stop();
            look.go(look.at() + by);
        };
        self.previous = () => self.step(-1);
        self.next = () => self.step(1);

        self.mode.subscribe((mode) => {
            if (mode === "compare") self.compare.start();
            else if (self.compare.active()) self.compare.stop();
            if (mode !== "one") self.player.stop();
        });

        /** Open a print; answers whether it is there. */
        self.open = (key) => {
            self.mode("one");
            self.problem("");
            self.videos.refresh();
            return look.open(key).then(
                (info) => !!info,
                (answer) => {
                    if (look.key() === key) self.problem(words.refusalOf(answer));
                    return false;
                },
            );
        };

        self.refresh = () => {
            if (!look.key()) return;
            const key = look.key();
            self.compare.refresh();
            look.refresh().then(
                () => self.problem(""),
                (answer) => {
                    if (look.key() === key) self.problem(words.refusalOf(answer));
                },
            );
        };

        self.rest = () => {
            self.player.stop();
            self.viewer.close();
        };

        self.close = () => {
            self.rest();
            self.mode("one");
            look.clear();
        };

        const keys = {
            ArrowLeft: () => self.step(-1),
            ArrowRight: () => self.step(1),
            ArrowUp: () => look.move(1),
            ArrowDown: () => look.move(-1),
            Home: () => self.step(-look.layers().length),
            End: () => self.step(look.layers().length),
            " ": () => self.player.toggle(),
        };

        /** Keys of the screen, but not those of a field that somebody is in. */
        self.keydown = (data, event) => {
            const { target, key } = event;
            const busy =
                event.ctrlKey ||
                event.altKey ||
                event.metaKey ||
                !_.has(keys, key) ||
                !self.ready() ||
                target.matches(TYPING) ||
                (key === " " && target.closest("button, a, summary, label"));
            if (busy) return true; // and the browser does what it always does
            keys[key]();
            return false;
        };
    }

    gallery.PrintView = PrintView;
})();
