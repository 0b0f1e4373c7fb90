/* The tab: what the plugin is doing, and the messages it has for people. */
$(function () {
    const VIEW = "PLUGIN_LAYERCAPTURE_VIEW";
    const CAPTURE = "PLUGIN_LAYERCAPTURE_CAPTURE";

    /** A message in the reader's language; a parameter may be a message itself. */
    const say = ({ text, params }) =>
        _.sprintf(
            gettext(text),
            _.mapValues(params, (value) => (_.has(value, "text") ? say(value) : value)),
        );

    function LayerCaptureTabViewModel(parameters) {
        const self = this;

        self.loginState = parameters[0];
        self.access = parameters[1];
        self.gallery = parameters[2];

        self.pane = ko.observable("live"); // or "gallery"
        self.pane.subscribe((pane) =>
            self.gallery[pane === "gallery" ? "shown" : "hidden"](),
        );

        self.known = ko.observable(false);
        self.enabled = ko.observable(false);
        self.job = ko.observable(); // {file, layers, layers_total} of a print being watched
        self.suspended = ko.observable(); // why this print is not captured any more
        self.indexing = ko.observable(); // {file, percent} while a large file is read
        self.capture = ko.observable(); // {layer, done, total} of the running one
        self.last = ko.observable(); // {layer, pictures, failures, seconds}
        self.switching = ko.observable(false);

        self.done = ko.pureComputed(() => (self.capture() ? self.capture().done : 0));
        self.total = ko.pureComputed(() => (self.capture() ? self.capture().total : 0));
        self.percent = ko.pureComputed(() =>
            self.total() ? (100 * self.done()) / self.total() : 0,
        );

        self.doing = ko.pureComputed(() => {
            if (!self.known()) return gettext("Asking the server…");
            if (self.capture()) {
                return _.sprintf(
                    gettext("Taking pictures of layer %(layer)s: %(done)s of %(total)s"),
                    self.capture(),
                );
            }
            if (!self.enabled()) {
                return gettext("Switched off. Prints run without pictures.");
            }
            if (self.indexing()) {
                return _.sprintf(
                    gettext("Reading the layers of %(file)s: %(percent)s %%"),
                    self.indexing(),
                );
            }
            if (!self.job()) {
                return gettext("Ready. Pictures are taken from the next print on.");
            }
            if (self.suspended()) return say(self.suspended());
            const { file, layers, layers_total } = self.job();
            return _.sprintf(
                ngettext(
                    "Watching %(file)s: pictures at %(count)s of %(total)s layer.",
                    "Watching %(file)s: pictures at %(count)s of %(total)s layers.",
                    layers_total,
                ),
                { file: file, count: layers.length, total: layers_total },
            );
        });
        self.icon = ko.pureComputed(() => {
            if (!self.known()) return "fas fa-spinner fa-spin";
            if (self.capture()) return "fas fa-camera";
            if (!self.enabled()) return "fas fa-power-off";
            if (self.indexing()) return "fas fa-spinner fa-spin";
            if (!self.job()) return "far fa-clock";
            return self.suspended() ? "fas fa-pause" : "fas fa-eye";
        });
        self.lastText = ko.pureComputed(() => {
            if (!self.last()) return "";
            const { layer, pictures, failures, seconds } = self.last();
            const texts = [
                _.sprintf(
                    ngettext(
                        "Last capture: layer %(layer)s, %(count)s picture in %(seconds)s s.",
                        "Last capture: layer %(layer)s, %(count)s pictures in %(seconds)s s.",
                        pictures,
                    ),
                    { layer: layer, count: pictures, seconds: _.round(seconds, 1) },
                ),
            ];
            if (failures) {
                texts.push(
                    _.sprintf(
                        ngettext(
                            "%(count)s picture failed.",
                            "%(count)s pictures failed.",
                            failures,
                        ),
                        { count: failures },
                    ),
                );
            }
            return texts.join(" ");
        });

        self.switchText = ko.pureComputed(() =>
            self.enabled()
                ? gettext("Switch layer captures off")
                : gettext("Switch layer captures on"),
        );

        self.skipText = ko.pureComputed(() =>
            self.suspended()
                ? gettext("Capture this print again")
                : gettext("Leave out the rest of this print"),
        );
        self.mayCapture = ko.pureComputed(() =>
            self.loginState.hasPermissionKo(self.access.permissions[CAPTURE])(),
        );

        const show = ({ enabled, job, capture, last, suspended, indexing }) => {
            self.indexing(indexing || undefined);
            self.enabled(enabled);
            self.job(job || undefined);
            self.suspended(suspended || undefined);
            self.capture(
                capture
                    ? {
                          layer: capture.layer,
                          done: capture.visited,
                          total: job ? job.positions : 0,
                      }
                    : undefined,
            );
            self.last(last || undefined);
            self.known(true);
        };

        self.requestState = () => {
            if (!self.loginState.hasPermission(self.access.permissions[VIEW])) return;
            OctoPrint.plugins.layercapture.state().done(show);
        };

        self.toggle = () => {
            self.switching(true);
            return OctoPrint.plugins.layercapture
                .setEnabled(!self.enabled())
                .done(show)
                .fail(() =>
                    notify({
                        level: "error",
                        text: gettext(
                            "Layer captures could not be switched: the server did not answer.",
                        ),
                    }),
                )
                .always(() => self.switching(false));
        };

        /** Act on the print under way: "skip", "continue", "capture_next" or "stop". */
        self.command = (command) =>
            OctoPrint.plugins.layercapture
                .command(command)
                .done(show)
                .fail((answer) =>
                    notify({
                        level: "error",
                        text:
                            answer.status === 409
                                ? gettext("No print with layer captures is running.")
                                : gettext(
                                      "That did not work: the server did not answer.",
                                  ),
                    }),
                );

        const handlers = {
            state: show,
            capture_started: (message) =>
                self.capture({ layer: message.layer, done: 0, total: message.total }),
            picture_saved: (message) =>
                self.capture(_.pick(message, ["layer", "done", "total"])),
            capture_finished: (message) => {
                self.capture(undefined);
                self.last(message);
            },
            capture_failed: (message) => {
                self.capture(undefined);
                notify({
                    level: "error",
                    text: _.sprintf(gettext("Layer %(layer)s: %(reason)s"), {
                        layer: message.layer,
                        reason: say(message),
                    }),
                });
            },
            notice: (message) => notify({ level: message.level, text: say(message) }),
        };

        const notices = {}; // a text that comes again takes the place of its first notice

        const notify = ({ level, text }) => {
            if (notices[text]) notices[text].remove();
            notices[text] = new PNotify({
                title: gettext("Layer Capture"),
                text: _.escape(text),
                type: level,
                hide: level !== "error",
            });
        };

        self.onDataUpdaterPluginMessage = (plugin, message) => {
            if (plugin === "layercapture" && _.has(handlers, message.event)) {
                handlers[message.event](message);
            }
        };

        self.onStartupComplete =
            self.onServerConnect =
            self.onServerReconnect =
            self.onUserPermissionsChanged =
            self.onEventSettingsUpdated =
            self.onEventPrintStarted =
            self.onEventPrintDone =
            self.onEventPrintFailed =
            self.onEventConnected =
                () => {
                    self.requestState();
                };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureTabViewModel,
        dependencies: [
            "loginStateViewModel",
            "accessViewModel",
            "layerCaptureGalleryViewModel",
        ],
        elements: ["#tab_plugin_layercapture"],
    });
});
