/* What the settings on the page would make of the file that is selected, in words. */
(function () {
    const { say, number, size } = window.LayerCaptureFields;
    const NEXT = { reading: 400, waiting: 3000 }; // ms until the same is asked again
    const RETRY = 3000; // ms
    const SHOWN = 12; // layers that are named
    const ENDS = 3; // of these at the end

    const percentOf = ({ state, percent }) => (state === "reading" ? percent : null);

    /** About how long, from seconds. */
    const duration = (seconds) => {
        const text = (format, n) => _.sprintf(format, { n: number(n, 1) });
        if (seconds < 90) {
            const n = Math.max(_.round(seconds), 1);
            return text(ngettext("%(n)s second", "%(n)s seconds", n), n);
        }
        if (seconds < 90 * 60) {
            const n = _.round(seconds / 60);
            return text(ngettext("%(n)s minute", "%(n)s minutes", n), n);
        }
        const n = _.round(seconds / 3600, 1);
        return text(ngettext("%(n)s hour", "%(n)s hours", n), n);
    };

    const named = (layers) =>
        layers.length <= SHOWN
            ? layers.join(", ")
            : `${_.take(layers, SHOWN - ENDS).join(", ")} … ${_.takeRight(layers, ENDS).join(", ")}`;

    const layersOf = (plan) =>
        _.sprintf(
            ngettext(
                "%(count)s of %(total)s layer: %(layers)s",
                "%(count)s of %(total)s layers: %(layers)s",
                plan.layers_total,
            ),
            {
                count: plan.layers.length,
                total: plan.layers_total,
                layers: named(plan.layers) || gettext("none"),
            },
        );

    const picturesOf = (plan) =>
        [
            _.sprintf(ngettext("%(n)s picture:", "%(n)s pictures:", plan.pictures), {
                n: plan.pictures,
            }),
            _.sprintf(
                ngettext(
                    "%(n)s position in each of these layers,",
                    "%(n)s positions in each of these layers,",
                    plan.positions,
                ),
                { n: plan.positions },
            ),
            _.sprintf(ngettext("%(n)s camera", "%(n)s cameras", plan.cameras.length), {
                n: plan.cameras.length,
            }),
        ].join(" ");

    const timeOf = (plan) =>
        _.sprintf(gettext("The print takes about %(time)s longer."), {
            time: duration(plan.seconds),
        });

    const spaceOf = (plan) => {
        const format = plan.bytes_guessed
            ? gettext("About %(size)s, guessed until there are pictures to go by;")
            : gettext("About %(size)s;");
        const room = plan.fits
            ? plan.bytes_free === null
                ? gettext("how much room the disk has is not known.")
                : gettext("%(free)s are free for it.")
            : gettext(
                  "only %(free)s are free for it, so the last layers would be left out. Make room on the disk, or choose fewer layers or positions.",
              );
        return [format, room]
            .map((text) =>
                _.sprintf(text, {
                    size: size(plan.bytes),
                    free: size(plan.bytes_free || 0),
                }),
            )
            .join(" ");
    };

    /** The lines to read, each with the test id that tells it from the others. */
    const linesOf = (plan) => {
        const line = (name, text, css) => ({
            name: `layercapture-plan-${name}`,
            text,
            css,
        });
        if (!plan.pictures) return [line("layers", layersOf(plan), "")];
        return [
            line("layers", layersOf(plan), ""),
            line("pictures", picturesOf(plan), ""),
            line("time", timeOf(plan), ""),
            line("space", spaceOf(plan), plan.fits ? "" : "text-error"),
        ];
    };

    /** `file`: the selected one as OctoPrint gives it; `tree`: the settings as typed. */
    function LayerCapturePlan({ file, tree }) {
        const self = this;

        const answer = ko.observable(); // as `POST plan` gives it
        const failure = ko.observable(""); // why there is none
        self.pending = ko.observable(false);

        /** Files below uploads can be captured; what the printer itself stores cannot. */
        self.path = ko.pureComputed(() => {
            const { origin, path } = file() || {};
            return origin === "local" ? path : "";
        });
        self.name = ko.pureComputed(() => _.get(file(), "display") || self.path());
        self.none = ko.pureComputed(() => !_.get(file(), "path"));
        self.onPrinter = ko.pureComputed(() => !self.none() && !self.path());

        /** The answer about the file that is selected now. */
        const current = ko.pureComputed(() =>
            answer() && answer().file === self.path() ? answer() : null,
        );
        const latest = ko.observable(); // the last plan there was
        const plan = ko.pureComputed(() =>
            latest() && latest().file === self.path() ? latest().plan : null,
        );

        self.state = ko.pureComputed(() => {
            if (self.none())
                return gettext(
                    "Select a file in OctoPrint's list of files to see what would be captured of it.",
                );
            if (self.onPrinter())
                return gettext(
                    "The selected file is stored in the printer. Only files in OctoPrint's own list can be captured: upload it there.",
                );
            if (failure()) return failure();
            if (!current()) return gettext("Asking what would be captured…");
            const { state, message } = current();
            if (state === "unreadable") return say(message);
            if (state === "waiting")
                return gettext(
                    "A print is being prepared, and its file is read first. This one follows.",
                );
            if (state === "reading") {
                const percent = percentOf(current());
                return percent === null
                    ? gettext("Reading the file…")
                    : _.sprintf(gettext("Reading the file: %(percent)s %%"), {
                          percent: percent,
                      });
            }
            return "";
        });
        self.wrong = ko.pureComputed(
            () => !!failure() || _.get(current(), "state") === "unreadable",
        );
        self.busy = ko.pureComputed(() =>
            _.includes(["reading", "waiting"], _.get(current(), "state")),
        );
        self.percent = ko.pureComputed(() => (current() ? percentOf(current()) : null));

        /** Nothing is to be read where the file is not the one that was planned. */
        self.lines = ko.pureComputed(() =>
            plan() && !self.wrong() ? linesOf(plan()) : [],
        );
        self.notices = ko.pureComputed(() =>
            plan() && !self.wrong() ? plan().notices.map(say) : [],
        );
        self.outline = ko.pureComputed(() => (plan() ? plan().outline : []));
        self.cover = ko.pureComputed(() => (plan() ? plan().cover : null));

        let asked = 0;
        let again;

        self.request = () => {
            window.clearTimeout(again);
            const request = ++asked;
            const path = self.path();
            failure("");
            if (!path) {
                self.pending(false);
                return;
            }
            const overtaken = () => request !== asked;
            self.pending(true);
            OctoPrint.plugins.layercapture
                .plan(tree(), path)
                .done((given) => {
                    if (overtaken()) return;
                    self.pending(false);
                    answer(given);
                    if (given.state === "ready") latest(given);
                    const wait = NEXT[given.state];
                    if (wait) again = window.setTimeout(self.request, wait);
                })
                .fail((refused) => {
                    if (overtaken()) return;
                    self.pending(false);
                    const message = _.get(refused, "responseJSON.message");
                    if (_.has(message, "text")) {
                        failure(say(message));
                        return;
                    }
                    failure(
                        gettext(
                            "The server does not answer, so this may be out of date. Trying again…",
                        ),
                    );
                    again = window.setTimeout(self.request, RETRY);
                });
        };

        /** The page is left: nothing is asked any more, and no answer is waited for. */
        self.stop = () => {
            window.clearTimeout(again);
            asked++;
            self.pending(false);
        };
    }

    window.LayerCapturePlan = LayerCapturePlan;
})();
