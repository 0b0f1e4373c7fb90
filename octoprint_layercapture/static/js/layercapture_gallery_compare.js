/* Two pictures of one position: another layer or another print, side by side or wiped. */
(function () {
    const gallery = window.LayerCaptureGallery;
    const { words } = gallery;
    const { Stage } = gallery.pictures;

    const MOST = 100; // prints to choose from, the newest
    const PAGE = 200; // captures that one request gives

    const client = () => OctoPrint.plugins.layercapture;

    /** The position of `look` that is nearest to a place on the bed. */
    const nearestSpot = (look, place) => {
        const away = ({ x, y }) => Math.hypot(x - place.x, y - place.y);
        return _.sortBy(look.spots(), away)[0];
    };

    /** The heights of a print's captured layers, mm, by their numbers. */
    const heightsOf = async (key) => {
        const heights = new Map();
        let offset = 0;
        let total;
        do {
            const page = await client().captures(key, { offset, limit: PAGE });
            page.captures.forEach(({ layer, z }) => heights.set(layer, z));
            total = page.total;
            offset += PAGE;
        } while (offset < total);
        return heights;
    };

    /** The layer of a print that is nearest to a height; `heights` are those of the print's
     * layers. Objects printed one by one begin at the bed again, so of layers that are as
     * near it is the one nearest by its number. */
    const nearestLayer = (layers, heights, { layer, z }) => {
        const known = layers.filter((each) => heights.has(each));
        const byNumber = _.sortBy(known, (each) => Math.abs(each - layer));
        return _.sortBy(byNumber, (each) =>
            _.round(Math.abs(heights.get(each) - z), 3),
        )[0];
    };

    /** `look` is what is compared with the other. */
    function Compare(look) {
        const self = this;
        let chosen = 0;

        const other = new gallery.Look();
        self.other = other;
        self.active = ko.observable(false);
        self.way = ko.observable("beside"); // or "swipe"
        self.divider = ko.observable("50"); // per cent; a range input has text
        self.follow = ko.observable(true); // whether its layer goes along with ours
        self.problem = ko.observable("");
        self.prints = ko.observableArray([]); // {key, text} to choose from
        self.key = ko.observable();

        self.stage = new Stage(
            ko.pureComputed(() => (other.picture() ? other.picture().url : undefined)),
        );
        self.clip = ko.pureComputed(() => `inset(0 0 0 ${Number(self.divider())}%)`);
        self.line = ko.pureComputed(() => `${Number(self.divider())}%`);
        self.samePrint = ko.pureComputed(() => other.key() === look.key());

        const captionOf = (of) => {
            const capture = of.capture();
            if (!of.info() || !capture) return "";
            return _.sprintf(
                gettext("%(name)s: layer %(layer)s, at a height of %(z)s mm"),
                {
                    name: of.info().name,
                    layer: capture.layer,
                    z: words.number(capture.z, 3),
                },
            );
        };
        self.caption = ko.pureComputed(() => captionOf(look));
        self.otherCaption = ko.pureComputed(() => captionOf(other));
        self.otherMissing = ko.pureComputed(() => {
            if (!other.settled() || other.picture()) return "";
            return other.failure()
                ? words.failureOf(other.failure())
                : gettext("There is no picture of this position at this layer.");
        });

        const heights = ko.observable(new Map()); // of the other print
        const learn = () => {
            const key = other.key();
            if (_.isEqual(other.layers(), [...heights().keys()])) return;
            heightsOf(key).then(
                (found) => {
                    if (other.key() === key) heights(found);
                },
                (answer) => {
                    if (other.key() === key) self.problem(words.refusalOf(answer));
                },
            );
        };

        /** The layer chosen and its height, once that is known. */
        const here = ko.pureComputed(() =>
            look.settled() ? _.pick(look.capture(), ["layer", "z"]) : null,
        );
        const place = () => look.spots().find(({ index }) => index === look.position());
        const goAlong = () => {
            if (!self.active() || !other.info() || !look.info()) return;
            const spot = place() && nearestSpot(other, place());
            if (spot) other.position(spot.index);
            if (other.cameras().includes(look.camera())) other.camera(look.camera());
            if (self.follow() && !self.samePrint() && here()) {
                const layer = nearestLayer(other.layers(), heights(), here());
                if (layer !== undefined) other.go(other.layers().indexOf(layer));
            }
        };
        look.position.subscribe(goAlong);
        look.camera.subscribe(goAlong);
        here.subscribe(goAlong);
        heights.subscribe(goAlong);
        other.spots.subscribe(goAlong);
        other.key.subscribe(() => heights(new Map()));
        other.layers.subscribe(() => {
            if (!self.samePrint()) learn();
        });
        self.follow.subscribe(goAlong);

        const choose = (key) => {
            const ticket = ++chosen;
            self.problem("");
            return other.open(key).then(
                (info) => {
                    if (ticket !== chosen || !info) return;
                    if (self.samePrint()) {
                        // the layer before, which is what one compares with most
                        other.go(look.at() > 0 ? look.at() - 1 : look.at() + 1);
                    }
                    goAlong();
                },
                (answer) => {
                    if (ticket === chosen) self.problem(words.refusalOf(answer));
                },
            );
        };
        self.key.subscribe((key) => {
            if (self.active() && key) choose(key);
        });

        const offer = (prints) => {
            const others = prints
                .filter(({ key, pictures }) => key !== look.key() && pictures)
                .map(({ key, name, started }) => ({
                    key: key,
                    text: `${name}, ${words.date(started)}`,
                }));
            const key = self.key();
            self.prints([
                { key: look.key(), text: gettext("This print: another layer") },
                ...others,
            ]);
            self.key(key);
        };

        self.start = () => {
            offer([]);
            self.active(true);
            if (self.key() === look.key()) choose(look.key());
            else self.key(look.key());
            client()
                .prints(0, MOST)
                .done(({ prints }) => {
                    if (self.active()) offer(prints);
                });
        };
        self.stop = () => {
            chosen += 1;
            self.active(false);
            self.key(undefined);
            other.clear();
        };

        /** What was compared with may have been deleted or have grown. */
        self.refresh = () => {
            if (!self.active() || !other.key()) return;
            other.refresh().then(null, (answer) => {
                self.problem(words.refusalOf(answer));
            });
        };

        /** Drag the divider over the picture, by mouse or finger. */
        self.drag = (data, event) => {
            const box = event.currentTarget;
            const move = ({ clientX }) => {
                const { left, width } = box.getBoundingClientRect();
                const share = Math.round((100 * (clientX - left)) / width);
                self.divider(String(Math.min(100, Math.max(0, share))));
            };
            const end = () => {
                box.removeEventListener("pointermove", move);
                box.removeEventListener("pointerup", end);
                box.removeEventListener("pointercancel", end);
            };
            box.setPointerCapture(event.pointerId);
            box.addEventListener("pointermove", move);
            box.addEventListener("pointerup", end);
            box.addEventListener("pointercancel", end);
            move(event);
        };
    }

    gallery.Compare = Compare;
})();
