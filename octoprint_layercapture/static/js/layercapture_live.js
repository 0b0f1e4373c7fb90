/* The live view: this print, its plan, the capture under way; the same in all browsers. */
$(function () {
    const VIEW = "PLUGIN_LAYERCAPTURE_VIEW";
    const CAPTURE = "PLUGIN_LAYERCAPTURE_CAPTURE";
    const { say, number } = window.LayerCaptureFields;
    const words = window.LayerCaptureWords;

    const MOVING = ["pause", "enter", "travel", "settle", "expose"]; // may be stopped

    const client = () => OctoPrint.plugins.layercapture;

    function LayerCaptureLiveViewModel(parameters) {
        const self = this;

        self.loginState = parameters[0];
        self.access = parameters[1];

        self.known = ko.observable(false);
        self.connected = ko.observable(true);
        self.acting = ko.observable(false); // a button's request is under way
        self.board = new LayerCaptureBoard();
        self.boardTitle = ko.observable("");

        self.state = ko.observable({}); // as `GET state`, with what was told since
        const from = (pick) =>
            ko.pureComputed(() => (self.known() ? pick(self.state()) : undefined));

        self.enabled = from((state) => state.enabled);
        self.job = from((state) => state.job || undefined);
        self.capture = from((state) => state.capture || undefined);
        self.suspended = from((state) => state.suspended || undefined);

        self.doing = ko.pureComputed(() =>
            self.known() ? words.doing(self.state()) : gettext("Asking the server…"),
        );
        self.icon = ko.pureComputed(() =>
            self.known() ? words.icon(self.state()) : "fas fa-spinner fa-spin",
        );
        self.nextText = from((state) => (state.capture ? "" : words.next(state)));
        self.layerText = from(words.layer);
        self.outcomes = ko.pureComputed(() =>
            self.known() ? words.outcomes(self.state()) : [],
        );
        self.totalsText = from(words.totals);
        self.expectedText = from(words.expected);
        self.lastText = from(words.last);
        self.welcomeText = from(words.welcome);

        self.waitsFor = from(({ capture }) => (capture ? say(capture.waits_for) : ""));
        self.done = ko.pureComputed(() => (self.capture() ? self.capture().visited : 0));
        self.total = ko.pureComputed(() => (self.capture() ? self.capture().total : 0));
        self.percent = ko.pureComputed(() =>
            self.total() ? (100 * self.done()) / self.total() : 0,
        );

        self.asked = from(({ job }) => (job ? job.asked : null));
        self.askText = ko.pureComputed(() =>
            self.asked()
                ? _.sprintf(gettext("Layer %(layer)s will be captured; take that back"), {
                      layer: self.asked(),
                  })
                : gettext("Capture once this layer is done"),
        );
        self.skipText = ko.pureComputed(() =>
            self.suspended()
                ? gettext("Capture this print again")
                : gettext("Leave out the rest of this print"),
        );
        self.switchText = ko.pureComputed(() =>
            self.enabled()
                ? gettext("Switch layer captures off")
                : gettext("Switch layer captures on"),
        );
        self.mayCapture = ko.pureComputed(() =>
            self.loginState.hasPermissionKo(self.access.permissions[CAPTURE])(),
        );
        self.mayAct = ko.pureComputed(
            () => self.known() && self.connected() && !self.acting(),
        );
        self.mayAsk = ko.pureComputed(
            () => self.mayAct() && !self.capture() && self.enabled(),
        );
        self.mayStop = ko.pureComputed(
            () =>
                self.mayAct() &&
                self.capture() !== undefined &&
                _.includes(MOVING, self.capture().step),
        );
        self.maySkip = ko.pureComputed(() => self.mayAct() && self.enabled());

        let drawn = null; // what the board shows: the capture and its grid

        const draw = ({ board, capture }) => {
            if (!board) {
                if (drawn) self.board.show({ positions: [], cameras: [] });
                drawn = null;
                self.boardTitle("");
                return;
            }
            const { capture_id, key, layer, z } = board;
            if (drawn !== capture_id) {
                drawn = capture_id;
                self.board.show({
                    cameras: board.cameras,
                    positions: board.positions.map((place) => ({
                        ...place,
                        refused: place.refused ? say(place.refused) : "",
                    })),
                });
                self.boardTitle(
                    _.sprintf(gettext("Layer %(layer)s at Z %(z)s mm"), {
                        layer: layer,
                        z: number(z, 3),
                    }),
                );
            }
            board.pictures.forEach((picture) => mark(key, picture));
            board.failures.forEach(self.board.fail);
            self.board.visiting(capture ? capture.index : undefined);
        };
        const mark = (key, { index, camera, name }) => {
            if (!key) return;
            self.board.mark(index, camera, {
                thumbnail: client().thumbnail(key, name),
                url: client().file(key, name),
            });
        };
        const feed = new LayerCaptureFeed((state, piece) => {
            self.known(true);
            self.state(state);
            if (!piece) draw(state);
            else if (piece.event === "picture_saved") {
                if (drawn === piece.capture_id) mark(piece.key, piece);
            } else if (piece.event === "picture_failed") {
                if (drawn === piece.capture_id) self.board.fail(piece);
            } else {
                self.board.visiting(state.capture ? state.capture.index : undefined);
            }
            welcome(state);
        });

        /** What was told of the server's doings, or answered. */
        self.told = (message) => {
            if (message.event === "state") feed.whole(message);
            else feed.piece(message);
        };

        self.request = () => {
            if (!self.loginState.hasPermission(self.access.permissions[VIEW])) return;
            client()
                .state()
                .done((answer) => {
                    self.connected(true);
                    feed.whole(answer);
                });
        };

        const notices = {}; // a text that comes again takes the place of its first notice

        /** Say something once, whatever the tab. */
        self.notify = ({ level, text }) => {
            if (notices[text]) notices[text].remove();
            notices[text] = new PNotify({
                title: gettext("Layer Capture"),
                text: _.escape(text),
                type: level,
                hide: level !== "error",
            });
        };

        const act = (request, refused) => {
            self.acting(true);
            return request
                .done(feed.whole)
                .fail((answer) => {
                    self.notify({
                        level: "error",
                        text:
                            answer.status === 409
                                ? refused
                                : answer.status === 403
                                  ? gettext("You have no permission for this.")
                                  : gettext(
                                        "That did not work: the server did not answer. Try again once it is there.",
                                    ),
                    });
                    self.request();
                })
                .always(() => self.acting(false));
        };

        /** Act on the print under way, see `POST job`. */
        self.command = (command) =>
            act(
                client().command(command),
                command === "stop"
                    ? gettext("The capture was over already.")
                    : gettext("No print with layer captures is running."),
            );
        self.toggle = () => act(client().setEnabled(!self.enabled()), "");
        self.toggleNext = () =>
            self.command(self.asked() ? "leave_next" : "capture_next");
        self.toggleSkip = () => self.command(self.suspended() ? "continue" : "skip");
        self.notThisPrint = () => self.command("skip");
        self.understood = () => self.command("understood");

        let greeting = null; // the notice about the first print

        const welcome = (state) => {
            if (!state.welcome) {
                if (greeting) greeting.remove();
                greeting = null;
                return;
            }
            if (greeting) return;
            const answer = (text, choose, primary) => ({
                text: text,
                addClass: primary ? "btn-primary" : "",
                click: (notice) => {
                    notice.remove();
                    choose();
                },
            });
            const buttons = self.mayCapture()
                ? [
                      answer(gettext("Not in this print"), self.notThisPrint),
                      answer(gettext("All right"), self.understood, true),
                  ]
                : [answer(gettext("All right"), () => {}, true)];
            greeting = new PNotify({
                title: gettext("Layer Capture"),
                text: _.escape(words.welcome(state)),
                addclass: "layercapture-welcome-notice",
                hide: false,
                icon: "fas fa-camera",
                confirm: { confirm: true, buttons: [...buttons] },
                buttons: { closer: false, sticker: false },
            });
        };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureLiveViewModel,
        dependencies: ["loginStateViewModel", "accessViewModel"],
        name: "layerCaptureLiveViewModel",
    });
});
