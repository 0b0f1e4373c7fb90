/* What the live view says of a print: its plan, its progress, its totals. */
(function () {
    const { say, number, size } = window.LayerCaptureFields;

    const MINUTE = 60; // s
    const HOUR = 60 * MINUTE;
    const NAMED = 12; // layers in a list; more are counted

    const counted = (one, many, count) =>
        _.sprintf(ngettext(one, many, count), { count: number(count, 1) });

    /** About how long, as people say it: "40 seconds", "6 minutes", "2 hours". */
    const duration = (seconds) => {
        if (seconds < 1.5 * MINUTE) {
            const count = Math.max(1, Math.round(seconds));
            return counted("%(count)s second", "%(count)s seconds", count);
        }
        if (seconds < 1.5 * HOUR) {
            const count = Math.round(seconds / MINUTE);
            return counted("%(count)s minute", "%(count)s minutes", count);
        }
        const hours = _.round(seconds / HOUR, 1);
        return counted("%(count)s hour", "%(count)s hours", hours);
    };

    const listed = (layers) => {
        const named = layers.slice(0, NAMED).join(", ");
        return layers.length > NAMED ? `${named} …` : named;
    };

    const plan = ({ file, layers, layers_total }) =>
        _.sprintf(
            ngettext(
                "Watching %(file)s: pictures at %(count)s of %(total)s layer.",
                "Watching %(file)s: pictures at %(count)s of %(total)s layers.",
                layers_total,
            ),
            { file: file, count: layers.length, total: layers_total },
        );

    /** What the tab is headed with, for each state there is. */
    const doing = ({ enabled, indexing, job, suspended, capture, advice }) => {
        if (capture) {
            return _.sprintf(
                gettext("Taking pictures of layer %(layer)s: %(done)s of %(total)s"),
                { ...capture, done: capture.visited },
            );
        }
        if (!enabled) {
            return gettext(
                "Switched off. Prints run without pictures until captures are switched on.",
            );
        }
        if (indexing) {
            return _.sprintf(
                gettext("Reading the layers of %(file)s: %(percent)s %%"),
                indexing,
            );
        }
        if (!job) {
            return advice
                ? say(advice)
                : gettext("Ready. Pictures are taken from the next print on.");
        }
        return suspended ? say(suspended) : plan(job);
    };

    const icon = ({ enabled, indexing, job, suspended, capture, advice }) => {
        if (capture) return "fas fa-camera";
        if (!enabled) return "fas fa-power-off";
        if (indexing) return "fas fa-spinner fa-spin";
        if (!job) return advice ? "fas fa-info-circle" : "far fa-clock";
        return suspended ? "fas fa-pause" : "fas fa-eye";
    };

    const next = ({ job, suspended }) => {
        if (!job || suspended) return "";
        if (!job.next) {
            return job.layers.length
                ? gettext("No more captures are due in this print.")
                : "";
        }
        const { layer, seconds } = job.next;
        const now = job.current === layer;
        if (seconds === null) {
            return now
                ? _.sprintf(gettext("Next capture once layer %(layer)s is complete"), {
                      layer: layer,
                  })
                : _.sprintf(gettext("Next capture at layer %(layer)s"), { layer: layer });
        }
        if (seconds < 5) {
            return _.sprintf(gettext("Next capture at layer %(layer)s, any moment now"), {
                layer: layer,
            });
        }
        return _.sprintf(
            gettext("Next capture at layer %(layer)s, in about %(duration)s"),
            { layer: layer, duration: duration(seconds) },
        );
    };

    const layer = ({ job }) =>
        job && job.current
            ? _.sprintf(gettext("Printing layer %(current)s of %(layers_total)s."), job)
            : "";

    /** What became of the layers, only of what there is. */
    const outcomes = ({ job }) => {
        if (!job) return [];
        const left = _.difference(
            job.layers,
            job.done,
            job.failed,
            job.missed,
            job.left_out,
        );
        return [
            { id: "done", name: gettext("Captured"), layers: job.done },
            { id: "due", name: gettext("Still to come"), layers: left },
            { id: "failed", name: gettext("Failed"), layers: job.failed },
            { id: "missed", name: gettext("Missed"), layers: job.missed },
            { id: "left_out", name: gettext("Left out"), layers: job.left_out },
        ]
            .filter(({ layers }) => layers.length)
            .map(({ id, name, layers }) => ({
                id: id,
                text: _.sprintf(
                    ngettext(
                        "%(name)s: layer %(layers)s",
                        "%(name)s: %(count)s layers (%(layers)s)",
                        layers.length,
                    ),
                    { name: name, count: layers.length, layers: listed(layers) },
                ),
            }));
    };

    const totals = ({ totals, job }) => {
        if (!totals || !totals.captures) return "";
        const about = job
            ? gettext(
                  "So far: %(captures)s, %(pictures)s, the print stood still for %(time)s.",
              )
            : gettext(
                  "%(file)s: %(captures)s, %(pictures)s, the print stood still for %(time)s.",
              );
        const texts = [
            _.sprintf(about, {
                file: totals.file,
                captures: counted(
                    "%(count)s capture",
                    "%(count)s captures",
                    totals.captures,
                ),
                pictures: counted(
                    "%(count)s picture",
                    "%(count)s pictures",
                    totals.pictures,
                ),
                time: duration(totals.seconds),
            }),
        ];
        if (totals.failures) {
            texts.push(
                counted(
                    "%(count)s picture failed.",
                    "%(count)s pictures failed.",
                    totals.failures,
                ),
            );
        }
        return texts.join(" ");
    };

    const expected = ({ job }) => {
        if (!job || !job.expected || !job.expected.pictures) return "";
        return _.sprintf(
            ngettext(
                "In all about %(count)s picture, %(size)s.",
                "In all about %(count)s pictures, %(size)s.",
                job.expected.pictures,
            ),
            { count: job.expected.pictures, size: size(job.expected.bytes) },
        );
    };

    const last = ({ last: ended }) => {
        if (!ended) return "";
        const texts = [
            _.sprintf(
                ngettext(
                    "Last capture: layer %(layer)s, %(count)s picture in %(seconds)s s.",
                    "Last capture: layer %(layer)s, %(count)s pictures in %(seconds)s s.",
                    ended.pictures,
                ),
                {
                    layer: ended.layer,
                    count: ended.pictures,
                    seconds: number(ended.seconds, 1),
                },
            ),
        ];
        if (ended.failures) {
            texts.push(
                counted(
                    "%(count)s picture failed.",
                    "%(count)s pictures failed.",
                    ended.failures,
                ),
            );
        }
        if (ended.failure) texts.push(say(ended.failure));
        else if (ended.interrupted === "user") texts.push(gettext("It was stopped."));
        else if (ended.interrupted) texts.push(gettext("It ended early."));
        return texts.join(" ");
    };

    /** What captures do to a print, for who has not seen any. */
    const welcome = ({ welcome: first }) => {
        if (!first) return "";
        const { layers, layers_total, positions, cameras, seconds } = first;
        if (!layers) {
            return gettext(
                "Layer Capture watches this print. By the settings none of its layers is captured.",
            );
        }
        return _.sprintf(
            gettext(
                "Layer Capture takes pictures of this print. At %(layers)s of %(total)s layers the print is held, the head visits %(positions)s above the print and %(cameras)s, then the print goes on where it was. In all it takes about %(duration)s longer.",
            ),
            {
                layers: layers,
                total: layers_total,
                positions: counted(
                    "%(count)s position",
                    "%(count)s positions",
                    positions,
                ),
                cameras: counted(
                    "%(count)s camera takes a picture at each",
                    "%(count)s cameras take a picture at each",
                    cameras,
                ),
                duration: duration(seconds),
            },
        );
    };

    window.LayerCaptureWords = {
        ...{ say, doing, icon, next, layer, outcomes, totals, expected, last, welcome },
    };
})();
