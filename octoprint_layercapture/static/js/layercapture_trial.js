/* Test captures: the same panel on the settings page and in the tab, each with its board. */
$(function () {
    const VIEW = "PLUGIN_LAYERCAPTURE_VIEW";
    const CAPTURE = "PLUGIN_LAYERCAPTURE_CAPTURE";
    const HIDDEN = "plugin.layercapture.trial.hidden"; // where a browser remembers

    const UNDER_WAY = ["homing", "moving"];
    const NONE = { id: null, change: 0, state: "idle", pictures: [], failures: [] };
    const LISTS = ["pictures", "failures", "notices"];

    const { say } = window.LayerCaptureFields;
    const client = () => OctoPrint.plugins.layercapture;

    /** Why a request was refused, or that it was not answered. */
    const refusal = (answer) => {
        const message = _.get(answer, "responseJSON.message");
        if (_.has(message, "text")) return say(message);
        if (answer.status === 403) return gettext("You have no permission for this.");
        return gettext(
            "That did not work: the server did not answer. Try again once it is there.",
        );
    };

    /** What a test came to, in words, and how good or bad that is. */
    const outcomeOf = ({ state, message, pictures, failures, total }) => {
        const words = message ? [say(message)] : [];
        if (!pictures.length) {
            words.push(gettext("No picture was taken."));
        } else {
            words.push(
                _.sprintf(
                    ngettext(
                        "%(count)s picture of %(total)s positions was taken.",
                        "%(count)s pictures of %(total)s positions were taken.",
                        pictures.length,
                    ),
                    { count: pictures.length, total: total },
                ),
            );
        }
        if (failures.length) {
            words.push(
                _.sprintf(
                    ngettext(
                        "%(count)s picture is missing, see below why.",
                        "%(count)s pictures are missing, see below why.",
                        failures.length,
                    ),
                    { count: failures.length },
                ),
            );
        }
        const fine = state === "done" && !failures.length;
        const bad = state === "failed" || (state === "done" && !pictures.length);
        return {
            words: words.join(" "),
            level: fine ? "alert-success" : bad ? "alert-error" : "",
        };
    };

    /** The panel in one place. `tree` gives the settings to test, undefined for the saved
     * ones; `visible` is whether its pictures may be shown now; `all` is what both places
     * share. */
    function LayerCaptureTrial(all, tree, visible) {
        const self = this;

        self.board = new LayerCaptureBoard();
        self.asking = ko.observable(false);
        self.home = ko.observable(true);
        self.refused = ko.observable("");
        self.acting = ko.observable(false);

        self.mayCapture = all.mayCapture;
        self.printing = all.printing;
        self.state = all.state;
        self.underWay = ko.pureComputed(() => _.includes(UNDER_WAY, self.state().state));
        self.over = ko.pureComputed(
            () =>
                _.includes(["done", "failed", "stopped"], self.state().state) &&
                all.hidden() !== self.state().id,
        );
        self.outcome = ko.pureComputed(() =>
            self.over() ? outcomeOf(self.state()) : null,
        );
        self.notices = ko.pureComputed(() =>
            self.underWay() || self.over() ? _.map(self.state().notices, say) : [],
        );
        self.shown = ko.pureComputed(() => {
            const { pictures, failures } = self.state();
            const something = pictures.length > 0 || failures.length > 0;
            return visible() && (self.underWay() || (self.over() && something));
        });
        self.mayAsk = ko.pureComputed(
            () => self.mayCapture() && !self.underWay() && !self.asking(),
        );
        self.mayStart = ko.pureComputed(() => !self.acting() && !self.printing());
        self.mayStop = ko.pureComputed(
            () => self.mayCapture() && !self.acting() && !self.state().stopping,
        );
        self.percent = ko.pureComputed(() => {
            const { visited, total } = self.state();
            return total ? (100 * visited) / total : 0;
        });
        self.words = ko.pureComputed(() => {
            const { state, stopping, waits_for } = self.state();
            if (stopping) return gettext("Stopping…");
            if (waits_for) return say(waits_for);
            return state === "homing"
                ? gettext("Homing the printer.")
                : gettext("Waiting for the printer.");
        });
        self.advice = ko.pureComputed(() => {
            const { message } = self.state();
            return self.underWay() && message ? say(message) : "";
        });
        self.explained = ko.pureComputed(() =>
            self.home()
                ? gettext(
                      "All axes are homed first. Take everything off the bed, or the head may hit it.",
                  )
                : gettext(
                      "The head starts from where the printer believes it is and stays above that. If the motors were off since the printer was homed, let it home.",
                  ),
        );

        let drawn = null; // the id of the test that the board shows

        const draw = (state) => {
            if (drawn !== state.id) {
                drawn = state.id;
                self.board.show({
                    cameras: state.cameras || [],
                    positions: _.map(state.positions, (place) => ({
                        ...place,
                        refused: place.refused ? say(place.refused) : "",
                    })),
                });
            }
            state.pictures.forEach(({ index, camera, name }) =>
                self.board.mark(index, camera, {
                    thumbnail: client().trialThumbnail(state.id, name),
                    url: client().trialPicture(state.id, name),
                }),
            );
            state.failures.forEach(self.board.fail);
            self.board.visiting(
                state.visiting === null || state.visiting === undefined
                    ? undefined
                    : state.visiting,
            );
        };
        self.state.subscribe(draw);

        const act = (request) => {
            self.acting(true);
            self.refused("");
            return request
                .done(all.whole)
                .fail((answer) => {
                    self.refused(refusal(answer));
                    all.request();
                })
                .always(() => self.acting(false));
        };

        self.ask = () => {
            self.refused("");
            self.asking(true);
        };
        self.cancel = () => {
            self.refused("");
            self.asking(false);
        };
        self.start = () =>
            act(client().beginTrial(self.home(), tree())).done(() => self.asking(false));
        self.stop = () => act(client().stopTrial());
        self.hide = () => {
            self.refused("");
            all.hide();
        };
    }

    function LayerCaptureTrialViewModel(parameters) {
        const self = this;

        const [loginState, access, settings, printer] = parameters;

        self.state = ko.observable(NONE);
        self.hidden = ko.observable(_.get(loadFromLocalStorage(HIDDEN), "id"));
        self.mayCapture = ko.pureComputed(() =>
            loginState.hasPermissionKo(access.permissions[CAPTURE])(),
        );
        self.printing = ko.pureComputed(() => printer.isPrinting() || printer.isPaused());

        self.hide = () => {
            const { id } = self.state();
            self.hidden(id);
            saveToLocalStorage(HIDDEN, { id: id });
        };

        let asking = false; // a question is on its way
        let again = false; // and what was told meanwhile does not fit to its answer

        /** The whole state; one that is older than what is known changes nothing. */
        self.whole = (answer) => {
            const { id, change } = self.state();
            if (answer.id === id && answer.change < change) return;
            self.state(answer);
        };

        /** One change; where one before it is not known, the whole is asked for. */
        const changed = (news) => {
            const known = self.state();
            if (news.id !== known.id || news.change > known.change + 1) {
                self.request();
            } else if (news.change === known.change + 1) {
                const lists = LISTS.map((list) => [
                    list,
                    [...(known[list] || []), ...news[list]],
                ]);
                self.state({ ...known, ...news, ...Object.fromEntries(lists) });
            }
        };

        self.request = () => {
            if (!loginState.hasPermission(access.permissions[VIEW])) return;
            if (asking) {
                again = true;
                return;
            }
            asking = true;
            again = false;
            client()
                .trial()
                .done(self.whole)
                .always(() => {
                    asking = false;
                    if (again) self.request();
                });
        };

        self.onDataUpdaterPluginMessage = (plugin, message) => {
            if (plugin === "layercapture" && message.event === "trial") changed(message);
        };

        self.onStartupComplete =
            self.onServerConnect =
            self.onServerReconnect =
            self.onUserPermissionsChanged =
                () => self.request();

        // the pictures are in the page once: in the dialog while that is open, and in the
        // tab while no print wants to show its own
        const inSettings = ko.observable(false);
        const inTab = () =>
            !inSettings() &&
            (!self.printing() || _.includes(UNDER_WAY, self.state().state));
        self.onSettingsShown = () => inSettings(true);
        self.onSettingsHidden = () => inSettings(false);

        const typed = () => ko.mapping.toJS(settings.settings.plugins.layercapture);

        // bound by their names, wherever the panel is included
        window.LayerCaptureTrials = {
            tab: new LayerCaptureTrial(self, () => undefined, inTab),
            settings: new LayerCaptureTrial(self, typed, inSettings),
        };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureTrialViewModel,
        dependencies: [
            "loginStateViewModel",
            "accessViewModel",
            "settingsViewModel",
            "printerStateViewModel",
        ],
        name: "layerCaptureTrialViewModel",
    });
});
