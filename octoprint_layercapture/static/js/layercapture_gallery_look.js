/* Looking into one print: its layers, positions and cameras, and the picture chosen. */
(function () {
    const { date } = window.LayerCaptureFields;
    const gallery = (window.LayerCaptureGallery = window.LayerCaptureGallery || {});

    const REMEMBERED = 60; // layers
    const QUIET = 60; // ms between two questions while a slider is drawn
    const RESTED = 250; // ms on a layer until the pictures of its map are loaded

    const client = () => OctoPrint.plugins.layercapture;

    function Look() {
        const self = this;
        let answers = new Map(); // layer -> promise of its captures
        let opened = 0;
        let asked = 0;

        self.key = ko.observable();
        self.info = ko.observable();
        self.layers = ko.observableArray([]);
        self.at = ko.observable(0); // the chosen place in `layers`
        self.position = ko.observable(0);
        self.camera = ko.observable();
        const NONE = { captures: [], turn: 0 };
        const held = ko.observable(NONE); // the layer's captures, and which one is chosen
        self.loading = ko.observable(false);
        self.problem = ko.observable(); // an answer that was none

        self.layer = ko.pureComputed(() => self.layers()[self.at()]);
        self.cameras = ko.pureComputed(() => (self.info() ? self.info().cameras : []));
        self.captures = ko.pureComputed(() => held().captures);
        self.capture = ko.pureComputed(() => held().captures[held().turn]);
        self.turn = ko.pureComputed({
            read: () => held().turn,
            write: (turn) => held({ captures: held().captures, turn: turn }),
        });
        self.turns = ko.pureComputed(() =>
            self.captures().map((capture, number) => ({
                number: number,
                text: date(capture.timestamp, true),
            })),
        );

        /** Whether the captures are those of the chosen layer. */
        self.settled = ko.pureComputed(
            () =>
                !self.loading() &&
                !!self.capture() &&
                self.capture().layer === self.layer(),
        );
        const byIndex = (list) => {
            const mine = list.filter(
                ({ camera }) => camera === null || camera === self.camera(),
            );
            return Object.fromEntries(mine.map((each) => [each.index, each]));
        };
        self.pictures = ko.pureComputed(() =>
            self.capture() ? byIndex(self.capture().pictures) : {},
        );
        self.failures = ko.pureComputed(() =>
            self.capture() ? byIndex(self.capture().failures) : {},
        );
        self.picture = ko.pureComputed(() => self.pictures()[self.position()]);
        self.failure = ko.pureComputed(() => self.failures()[self.position()]);

        /** The pictures of a layer that one stays at: sliding past loads none. */
        self.rested = ko
            .pureComputed(() => self.pictures())
            .extend({ rateLimit: { timeout: RESTED, method: "notifyWhenChangesStop" } });

        self.columns = ko.pureComputed(() => {
            const grid = self.info() && self.info().grid;
            return grid && grid.positions.length
                ? grid.columns
                : self.spots().length || 1;
        });
        self.rows = ko.pureComputed(() =>
            Math.ceil(self.spots().length / self.columns()),
        );

        const found = ko.observableArray([]); // positions where no grid is recorded
        self.spots = ko.pureComputed(() => {
            const grid = self.info() && self.info().grid;
            return grid && grid.positions.length ? grid.positions : found();
        });
        const note = (captures) => {
            const known = found().map(({ index }) => index);
            const more = captures
                .flatMap(({ pictures, failures }) => [...pictures, ...failures])
                .filter(({ index }) => !known.includes(index))
                .map(({ index, position }) => ({ index, x: position.x, y: position.y }));
            if (more.length) {
                const all = _.uniq([...found(), ...more], ({ index }) => index);
                found(_.sortBy(all, ({ index }) => index));
            }
        };

        /** The captures of a layer; asked for once. */
        const ask = (layer) => {
            if (!answers.has(layer)) {
                const answer = client()
                    .captures(self.key(), { layer: layer, pictures: 1, limit: 200 })
                    .then(({ captures }) => captures);
                const mine = answers;
                answers.set(layer, answer);
                answer.then(null, () => mine.delete(layer));
                while (answers.size > REMEMBERED) {
                    answers.delete(answers.keys().next().value);
                }
            }
            return answers.get(layer);
        };

        const settle = () => {
            const layer = self.layer();
            const ticket = ++asked;
            if (layer === undefined) {
                held(NONE);
                self.loading(false);
                return;
            }
            self.loading(true);
            ask(layer).then(
                (captures) => {
                    if (ticket !== asked) return;
                    note(captures);
                    const same = captures.findIndex(
                        ({ key }) => !!self.capture() && key === self.capture().key,
                    );
                    const newest = Math.max(0, captures.length - 1);
                    held({ captures: captures, turn: same < 0 ? newest : same });
                    self.problem(undefined);
                    self.loading(false);
                },
                (answer) => {
                    if (ticket !== asked) return;
                    held(NONE);
                    self.problem(answer);
                    self.loading(false);
                },
            );
        };
        const settleSoon = _.debounce(settle, QUIET, { leading: true, trailing: true });
        let taking = false; // while layers and place do not fit together
        self.layer.subscribe(() => {
            if (!taking) settleSoon();
        });

        const take = (info) => {
            const layer = self.layer();
            const last = self.at() === self.layers().length - 1;
            const follow = last && info.state === "running";
            self.info(info);
            if (!info.cameras.includes(self.camera())) self.camera(info.cameras[0]);
            answers = new Map();
            taking = true;
            self.layers(info.layers);
            self.at(
                follow || layer === undefined
                    ? info.layers.length - 1
                    : self.nearest(layer),
            );
            taking = false;
            settle();
        };

        /** The place of the captured layer that is nearest to this one. */
        self.nearest = (layer) => {
            const layers = self.layers();
            const after = _.sortedIndex(layers, layer);
            if (after === 0) return 0;
            if (after === layers.length) return layers.length - 1;
            return layers[after] - layer < layer - layers[after - 1] ? after : after - 1;
        };

        const middle = () => {
            const column = Math.floor(self.columns() / 2);
            const spot =
                self.spots()[Math.floor(self.rows() / 2) * self.columns() + column];
            return spot ? spot.index : 0;
        };

        /** Look into a print, from its last layer on; answers with what it is. */
        self.open = (key) => {
            self.clear();
            self.key(key);
            return self.refresh().then((info) => {
                if (info) self.position(middle());
                return info;
            });
        };

        /** Ask again what the print is and what its layer holds. */
        self.refresh = () => {
            const ticket = ++opened;
            return client()
                .print(self.key())
                .then(
                    (info) => {
                        if (ticket !== opened) return undefined;
                        take(info);
                        return info;
                    },
                    (answer) => {
                        if (ticket === opened) throw answer;
                        return undefined; // a later question is on its way
                    },
                );
        };

        self.clear = () => {
            opened += 1;
            asked += 1;
            answers = new Map();
            found([]);
            self.key(undefined);
            self.info(undefined);
            held(NONE);
            self.layers([]);
            self.at(0);
            self.problem(undefined);
            self.loading(false);
        };

        /** Go to a place among the layers. */
        self.go = (at) => self.at(Math.max(0, Math.min(at, self.layers().length - 1)));

        /** Go to the next position by number, or the one before. */
        self.move = (by) => {
            const indices = self.spots().map(({ index }) => index);
            const now = indices.indexOf(self.position());
            const next = indices[now + by];
            if (next !== undefined) self.position(next);
        };

        /** From a place among the layers on, the first with a picture at the position:
         * {at, picture}, or nothing. `goOn` is asked before each question. */
        self.find = async (at, goOn) => {
            for (; at < self.layers().length && goOn(); at += 1) {
                const captures = await ask(self.layers()[at]);
                const last = _.last(captures);
                const picture =
                    last &&
                    last.pictures.find(
                        ({ index, camera }) =>
                            index === self.position() && camera === self.camera(),
                    );
                if (picture) return { at, picture };
            }
            return undefined;
        };

        /** The slider: a range input has text for a value. */
        self.slider = ko.pureComputed({
            read: () => String(self.at()),
            write: (text) => self.go(Number(text)),
        });
        self.layerText = ko.pureComputed(() =>
            self.layer() === undefined
                ? ""
                : _.sprintf(gettext("Layer %(layer)s"), { layer: self.layer() }),
        );
    }

    gallery.Look = Look;
})();
