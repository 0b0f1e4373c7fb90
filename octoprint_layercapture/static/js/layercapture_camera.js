/* One camera in use, in the settings: its test, its measurement, what is known of it. */
(function () {
    const { say, number, size, numberField } = window.LayerCaptureFields;
    const POLL = 300; // ms between two questions how far a test is

    const SHOWN = 60; // characters of a camera's name in a message

    /** What is known of a camera, and whether it may be empty for "not known". */
    const DETAILS = {
        offset_x: { optional: false, unknown: 0 },
        offset_y: { optional: false, unknown: 0 },
        latency: { optional: true, unknown: null },
        rest: { optional: true, unknown: null },
        stale: { optional: true, unknown: null },
    };

    const client = () => OctoPrint.plugins.layercapture;

    /** Why a request was refused, or that it was not answered. */
    const refusal = (answer) => {
        const message = _.get(answer, "responseJSON.message");
        if (_.has(message, "text")) return say(message);
        if (answer.status === 403) return gettext("You have no permission for this.");
        if (answer.status === 404)
            return gettext("The server does not know of it any more.");
        return gettext("That did not work: the server did not answer.");
    };

    const testedOf = (name, id, answer) => {
        const done = answer.state === "done";
        const warnings = (answer.warnings || []).map(say);
        return {
            picture: done ? client().cameraTestPicture(id) : null,
            alt: _.sprintf(gettext("Test picture of camera %(name)s"), { name: name }),
            width: answer.width,
            height: answer.height,
            facts: done
                ? _.sprintf(
                      gettext(
                          "%(width)s × %(height)s pixels, %(size)s, taken in %(seconds)s s",
                      ),
                      {
                          ...answer,
                          size: size(answer.size),
                          seconds: number(answer.seconds, 2),
                      },
                  )
                : "",
            failure: done ? "" : say(answer.message),
            warnings: warnings,
            fine: done && !warnings.length,
        };
    };

    const failed = (text) => ({
        ...{ picture: null, alt: "", width: null, height: null, facts: "" },
        ...{ failure: text, warnings: [], fine: false },
    });

    const progressOf = ({ state, done, total, message }) => ({
        note: message ? say(message) : "",
        percent: total ? _.round((100 * done) / total) : 0,
        words:
            state === "homing"
                ? gettext("Homing the printer…")
                : _.sprintf(gettext("Moving to and fro: %(done)s of %(total)s"), {
                      done: done,
                      total: total,
                  }),
    });

    const outcomeOf = ({ state, result, message }) => {
        const words = [];
        if (result) {
            words.push(
                _.sprintf(
                    gettext(
                        "Latency %(latency)s s, at rest after %(rest)s s, %(stale)s old pictures. Measured in %(seconds)s s.",
                    ),
                    _.mapValues(
                        _.pick(result, ["latency", "rest", "stale", "seconds"]),
                        (n) => (n === null ? "?" : number(n, 2)),
                    ),
                ),
            );
        }
        if (message) words.push(say(message));
        if (state === "stopped" && !message) {
            words.push(gettext("The measurement was stopped."));
        }
        if (state === "failed" && !message) {
            words.push(gettext("The measurement failed."));
        }
        return {
            words: words.join(" "),
            level: !result ? "alert-error" : result.accepted ? "alert-success" : "",
            usable: state === "done" && !!result,
        };
    };

    /** One camera in use: what is known of it, its test and its measurement. */
    function LayerCaptureCamera(name, nth, all) {
        const self = this;

        self.name = name;
        self.id = `layercapture-used-${nth}`;
        self.title = ko.pureComputed(() => all.titleOf(name));

        self.values = _.mapValues(DETAILS, ({ unknown }) => ko.observable(unknown));
        self.texts = _.mapValues(DETAILS, ({ optional }, key) =>
            numberField(self.values[key], optional),
        );
        const fields = Object.entries(DETAILS);

        /** Take over what is known of this camera; nothing, where `detail` is undefined. */
        self.read = (detail) =>
            fields.forEach(([key, { unknown }]) =>
                self.values[key](_.get(detail, key, unknown)),
            );

        /** What is known of this camera, or undefined where that is nothing. */
        self.detail = () => {
            const values = _.mapValues(self.values, (value) => value());
            const known = fields.some(([key, { unknown }]) => values[key] !== unknown);
            return known ? { camera: name, ...values } : undefined;
        };

        /** What is wrong with these, by their names. */
        self.problems = ko.pureComputed(() => {
            const ours = _.filter(
                all.wrongDetails(),
                ({ params }) => params.camera === name.slice(0, SHOWN),
            );
            return Object.fromEntries(ours.map((each) => [each.params.field, say(each)]));
        });
        self.wrong = ko.pureComputed(() => _.values(self.problems()));

        self.testing = ko.observable(false);
        self.tested = ko.observable();
        self.mayTest = ko.pureComputed(() => all.mayCapture() && !self.testing());

        self.test = () => {
            const show = (tested) => {
                self.tested(tested);
                self.testing(false);
            };
            const ask = (id) =>
                client()
                    .cameraTest(id)
                    .done((answer) => {
                        if (answer.state === "running") {
                            window.setTimeout(() => ask(id), POLL);
                        } else {
                            show(testedOf(self.title(), id, answer));
                        }
                    })
                    .fail((answer) => show(failed(refusal(answer))));
            self.testing(true);
            self.tested(undefined);
            client()
                .testCamera(name, all.tree())
                .done(({ id }) => ask(id))
                .fail((answer) => show(failed(refusal(answer))));
        };

        self.asking = ko.observable(false);
        self.home = ko.observable(true);
        self.refused = ko.observable();
        self.mayMeasure = ko.pureComputed(() => all.mayCapture() && !all.measuring());
        self.measured = ko.pureComputed(() => progressOf(all.measurement()));
        self.measuring = ko.pureComputed(
            () => all.measuring() && all.measurement().camera === name,
        );
        self.outcome = ko.pureComputed(() => {
            if (self.refused()) {
                return { words: self.refused(), level: "alert-error", usable: false };
            }
            const { camera, state } = all.measurement();
            const over = _.includes(["done", "failed", "stopped"], state);
            return over && camera === name ? outcomeOf(all.measurement()) : null;
        });

        self.ask = () => {
            self.dismiss();
            self.asking(true);
        };
        self.measure = () => {
            self.dismiss();
            client()
                .measureCamera(name, all.tree(), self.home())
                .done(all.follow)
                .fail((answer) => self.refused(refusal(answer)));
        };
        self.stop = () => client().stopMeasuring().always(all.requestMeasurement);
        self.dismiss = () => {
            self.asking(false);
            self.refused(undefined);
            if (self.outcome()) all.measurement({ state: "idle" });
        };
        /** The settings are left: what was shown is over. */
        self.close = () => {
            self.tested(undefined);
            self.asking(false);
            self.refused(undefined);
        };
        self.accept = () => {
            const { latency, rest, stale } = all.measurement().result;
            _.forEach({ latency, rest, stale }, (value, key) => self.values[key](value));
            self.dismiss();
        };
    }

    window.LayerCaptureCamera = LayerCaptureCamera;
})();
