/* The settings' cameras: which there are, which are used, and what is known of them. */
$(function () {
    const { say } = window.LayerCaptureFields;
    const Camera = window.LayerCaptureCamera;
    const CAPTURE = "PLUGIN_LAYERCAPTURE_CAPTURE";
    const POLL = 1000; // ms between two questions how far a measurement is
    const SECRETS = ["password", "token"];
    const RUNNING = ["homing", "moving"];

    const client = () => OctoPrint.plugins.layercapture;

    /** A value that the server never sends. Without one it is undefined, as in what was
     * received: OctoPrint would take "" for a change that is still to be saved. */
    const secret = () => {
        const typed = ko.observable();
        return ko.pureComputed({
            read: typed,
            write: (text) => typed(text || undefined),
        });
    };

    function LayerCaptureCamerasViewModel(parameters) {
        const self = this;

        self.loginState = parameters[0];
        self.access = parameters[1];

        self.known = ko.observable(); // as `GET cameras` gives them
        self.loading = ko.observable(false);
        self.unknown = ko.observable(false);
        self.enlarge = gettext("Open the picture in full size");

        self.mayCapture = ko.pureComputed(() =>
            self.loginState.hasPermissionKo(self.access.permissions[CAPTURE])(),
        );

        self.request = () => {
            self.loading(!self.known());
            self.unknown(false);
            return client()
                .cameras()
                .done(({ cameras }) => self.known(cameras))
                .fail(() => self.unknown(true))
                .always(() => self.loading(false));
        };

        const webcams = ko.pureComputed(() => _.filter(self.known(), { kind: "webcam" }));
        const byName = ko.pureComputed(
            () => new Map(webcams().map((webcam) => [webcam.name, webcam])),
        );
        const chosenBefore = ko.observableArray();
        self.able = ko.pureComputed(() => _.filter(webcams(), "can_snapshot"));
        self.none = ko.pureComputed(() => self.known() && !self.able().length);

        self.titleOf = (name) => {
            if (name === "fake") return gettext("Fake camera");
            if (name === "url") return gettext("Snapshot URL");
            return _.get(byName().get(name), "title", name);
        };

        const option = (name, label, note, locked) => ({ name, label, note, locked });

        /** What to tick: the cameras that there are, and those ticked earlier but gone. */
        self.choices = ko.pureComputed(() => {
            const [there, gone] = _.partition(webcams(), "provider");
            const missing = _.reject(chosenBefore(), (name) => byName().has(name));
            const ticked = (name) => _.includes(self.settings.cameras.use(), name);
            return [
                ...there.map(({ name, title, can_snapshot, problem }) =>
                    option(
                        name,
                        title,
                        problem ? say(problem) : "",
                        () => !can_snapshot && !ticked(name),
                    ),
                ),
                ...(self.known() ? _.union(_.map(gone, "name"), missing) : []).map(
                    (name) =>
                        option(
                            name,
                            _.sprintf(gettext("%(name)s (not there any more)"), { name }),
                            "",
                            () => false,
                        ),
                ),
            ];
        });

        /** The names of the cameras that these settings would use. */
        const used = ko.pureComputed(() => {
            const { fake, use, url } = self.settings.cameras;
            if (fake()) return ["fake"];
            const names = _.uniq([...use(), ...(url().trim() ? ["url"] : [])]);
            if (names.length) return names;
            return _.map(_.filter(self.able(), "default"), "name");
        });

        const cameras = new Map();
        const cameraOf = (name) => {
            if (!cameras.has(name)) {
                const camera = new Camera(name, cameras.size, self);
                cameras.set(name, camera);
                camera.read(_.find(details(), { camera: name }));
                _.forEach(camera.values, (value) => value.subscribe(write));
            }
            return cameras.get(name);
        };

        let busy = false; // with moving details between the fields and the settings
        const exclusively = (work) => {
            if (busy) return;
            busy = true;
            try {
                work();
            } finally {
                busy = false;
            }
        };
        const details = () => ko.mapping.toJS(self.settings.cameras.details) || [];
        const read = () =>
            exclusively(() => {
                const known = new Map(details().map((detail) => [detail.camera, detail]));
                cameras.forEach((camera, name) => camera.read(known.get(name)));
            });
        const write = () =>
            exclusively(() => {
                const kept = new Map(details().map((detail) => [detail.camera, detail]));
                cameras.forEach((camera, name) => {
                    const detail = camera.detail();
                    if (detail) kept.set(name, detail);
                    else kept.delete(name);
                });
                self.settings.cameras.details([...kept.values()]);
            });

        /** Become part of the settings page; called once, before it is bound. */
        self.attach = (settings, wrongDetails) => {
            self.settings = settings;
            self.wrongDetails = wrongDetails; // problems of the preview
            const { cameras: group } = settings;
            SECRETS.forEach((name) => {
                group[name] = group[name] || secret();
            });
            self.rows = ko.pureComputed(() => {
                const names = used();
                return ko.ignoreDependencies(() => names.map(cameraOf));
            });
            group.details.subscribe(read);
            self.urlGiven = ko.pureComputed(() => !!group.url().trim());
            self.byPassword = ko.pureComputed(() =>
                _.includes(["basic", "digest"], group.auth()),
            );
            self.byToken = ko.pureComputed(() => group.auth() === "bearer");
            self.encrypted = ko.pureComputed(
                () => /^\s*https:/i.test(group.url()) || !group.verify(),
            );
        };

        /** What stands in an empty password field. */
        self.hint = (name) => {
            const stored = self.settings.cameras[`${name}_set`];
            return ko.unwrap(stored) ? gettext("stored; empty keeps it") : "";
        };

        self.tree = () => ko.mapping.toJS(self.settings);

        self.shown = () => {
            chosenBefore(self.settings.cameras.use().slice());
            self.requestMeasurement(); // one may run since before this page was loaded
            return self.request();
        };

        /** The settings are left: nothing typed as a password stays in the page. */
        self.hidden = () => {
            SECRETS.forEach((name) => self.settings.cameras[name](""));
            cameras.forEach((camera) => camera.close());
        };

        self.measurement = ko.observable({ state: "idle" }); // as `GET cameras/measure`
        self.measuring = ko.pureComputed(() =>
            _.includes(RUNNING, self.measurement().state),
        );

        let again;
        self.requestMeasurement = () => {
            window.clearTimeout(again);
            return client()
                .cameraMeasurement()
                .done(self.follow)
                .fail((answer) => {
                    if (self.measuring())
                        again = window.setTimeout(self.requestMeasurement, POLL);
                });
        };

        /** Take over a state, and ask on while it runs: a message may get lost. */
        self.follow = (state) => {
            window.clearTimeout(again);
            self.measurement(state);
            if (self.measuring())
                again = window.setTimeout(self.requestMeasurement, POLL);
        };

        self.onDataUpdaterPluginMessage = (plugin, message) => {
            if (plugin === "layercapture" && message.event === "measure") {
                self.follow(message);
            }
        };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureCamerasViewModel,
        dependencies: ["loginStateViewModel", "accessViewModel"],
    });
});
