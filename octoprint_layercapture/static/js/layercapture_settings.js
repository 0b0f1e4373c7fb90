/* The settings page: its fields, the grid as the server sees it, and what it comes to. */
$(function () {
    const DEBOUNCE = 150; // ms
    const RETRY = 3000; // ms

    /** The settings that are numbers, and whether they may be empty for "automatic". */
    const NUMBERS = {
        "layers.interval": false,
        "layers.min_height": false,
        "grid.center_x": true,
        "grid.center_y": true,
        "grid.columns": false,
        "grid.rows": false,
        "grid.spacing_x": false,
        "grid.spacing_y": false,
        "bed.width": true,
        "bed.depth": true,
        "bed.max_z": true,
        "bed.margin": false,
        "motion.height": false,
        "motion.travel_speed": false,
        "motion.z_speed": false,
        "motion.retract": false,
        "motion.retract_speed": false,
        "cameras.delay": false,
        "cameras.settle_max": false,
        "cameras.timeout": false,
        "cameras.max_size": false,
        "fake_camera.field": false,
        "fake_camera.noise": false,
        "fake_camera.latency": false,
        "fake_camera.blur": false,
        "files.quality": false,
        "files.floor_mb": true,
        "files.max_age_days": true,
        "files.max_total_gb": true,
        "video.fps": false,
    };

    /** The sections of the page by the groups of settings; the others are called alike. */
    const SECTIONS = { bed: "grid", fake_camera: "cameras" };
    const ELSEWHERE = { "bed.max_z": "motion" };
    const sectionOf = (key) => {
        const group = key.split(".")[0];
        return ELSEWHERE[key] || SECTIONS[group] || group;
    };

    const { say, numberField } = window.LayerCaptureFields;
    const Drawing = window.LayerCaptureDrawing;

    /** The colour behind an element, for what stays in place while the rest scrolls. */
    const backgroundOf = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const { backgroundColor } = window.getComputedStyle(at);
            if (!/^(transparent|rgba\(.*, 0\))$/.test(backgroundColor))
                return backgroundColor;
        }
        return "transparent";
    };

    function LayerCaptureSettingsViewModel(parameters) {
        const self = this;

        self.settingsViewModel = parameters[0];
        self.cameras = parameters[1];
        const printerState = parameters[2];

        self.preview = ko.observable();
        self.view = ko.observable();
        self.pending = ko.observable(false);
        self.unreachable = ko.observable(false);

        const tree = () => ko.mapping.toJS(self.settings);
        self.plan = new window.LayerCapturePlan({ file: printerState.filedata, tree });
        self.handles = new window.LayerCaptureHandles({
            preview: self.preview,
            view: self.view,
            values: (key) => _.get(self.settings, key),
            dragged: () => self.dragged(),
        });

        self.drawing = ko.pureComputed(
            () =>
                self.preview() &&
                Drawing.drawingOf(self.preview(), self.view(), self.plan.outline()),
        );
        self.summary = ko.pureComputed(() =>
            self.preview()
                ? Drawing.summaryOf(self.preview())
                : gettext("Drawing the grid…"),
        );
        self.nothingReached = ko.pureComputed(
            () => self.preview() && !self.preview().path.length,
        );
        self.refused = ko.pureComputed(() =>
            self.preview() ? Drawing.refusedOf(self.preview()) : [],
        );
        self.problems = ko.pureComputed(() => {
            const problems = self.preview() ? self.preview().problems : [];
            return Object.fromEntries(
                problems.map((problem) => [problem.key, say(problem)]),
            );
        });
        self.wrongSections = ko.pureComputed(() =>
            _.countBy(_.keys(self.problems()), sectionOf),
        );
        const wrongDetails = ko.pureComputed(() =>
            _.filter(self.preview() && self.preview().problems, {
                key: "cameras.details",
            }),
        );
        self.automatic = ko.pureComputed(() =>
            self.preview() ? Drawing.automaticOf(self.preview().bed) : {},
        );

        self.presets = ko.pureComputed(() => {
            const ready = self.preview() ? self.preview().presets : {};
            const preset = (name, label, grid, title) => ({ name, label, grid, title });
            const cover = self.plan.cover();
            return [
                ...["1", "3", "5"].map((size) =>
                    preset(size, `${size} × ${size}`, ready[size], ""),
                ),
                preset("bed", gettext("Cover the whole bed"), ready.bed, ""),
                preset(
                    "print",
                    gettext("Cover this print"),
                    cover,
                    cover
                        ? ""
                        : gettext("Select a file that is printed on the bed first."),
                ),
            ];
        });
        self.choose = ({ grid }) =>
            _.forEach(grid, (value, name) => self.settings.grid[name](value));

        let shown = false;
        let asked = 0;
        let retry;

        self.requestPreview = () => {
            window.clearTimeout(retry);
            const request = ++asked;
            const latest = (handler) => (answer) => {
                if (request === asked) handler(answer);
            };
            self.pending(true);
            return OctoPrint.plugins.layercapture
                .preview(tree())
                .done(
                    latest((answer) => {
                        // under a handle that is held the bed stays where it is
                        if (!self.handles.dragging() || !self.view())
                            self.view(Drawing.viewOf(answer));
                        self.preview(answer);
                        self.handles.settled();
                        self.unreachable(false);
                    }),
                )
                .fail(
                    latest(() => {
                        self.unreachable(true);
                        if (shown) retry = window.setTimeout(self.requestPreview, RETRY);
                    }),
                )
                .always(latest(() => self.pending(false)));
        };

        /** One question at a time while a handle moves, so that the picture follows. */
        let behind = false;
        self.dragged = () => {
            if (self.pending() && self.handles.dragging()) behind = true;
            else self.requestPreview();
        };
        self.pending.subscribe((pending) => {
            if (pending || !behind) return;
            behind = false;
            self.requestPreview();
        });

        const request = () => {
            if (!shown) return;
            self.requestPreview();
            self.plan.request();
        };

        /** Go to a section of the page, also with the keyboard. */
        self.jump = (name) => () => {
            const heading = document.getElementById(`layercapture-section-${name}`);
            // below the links that stay at the top, on as many lines as these take
            const { offsetHeight } = document.getElementById("layercapture-sections");
            heading.style.scrollMarginTop = `${offsetHeight}px`;
            heading.scrollIntoView({ block: "start" });
            heading.focus({ preventScroll: true });
        };

        self.onBeforeBinding = () => {
            self.settings = self.settingsViewModel.settings.plugins.layercapture;
            self.numbers = _.mapValues(NUMBERS, (optional, key) =>
                numberField(_.get(self.settings, key), optional),
            );
            self.cameras.attach(self.settings, wrongDetails);
            window.LayerCaptureTyped.keepTyped(self.settingsViewModel, () => shown);
            ko.computed(tree)
                .extend({
                    rateLimit: { timeout: DEBOUNCE, method: "notifyWhenChangesStop" },
                })
                .subscribe(request);
            // the plan's own path: what depends on the file may hear of it after others do
            self.plan.path.subscribe(() => {
                if (shown) self.plan.request();
            });
        };

        self.onSettingsShown = () => {
            shown = true;
            self.cameras.shown();
            const sections = document.getElementById("layercapture-sections");
            sections.style.backgroundColor = backgroundOf(sections.parentElement);
            request();
        };

        self.onSettingsHidden = () => {
            shown = false;
            self.cameras.hidden();
            self.plan.stop();
            window.clearTimeout(retry);
        };

        self.onServerConnect = self.onServerReconnect = request;

        // a file may be uploaded anew under the name of the one that is selected
        self.onEventFileAdded = self.onEventUpdatedFiles = () => {
            if (shown) self.plan.request();
        };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureSettingsViewModel,
        dependencies: [
            "settingsViewModel",
            "layerCaptureCamerasViewModel",
            "printerStateViewModel",
        ],
        elements: ["#settings_plugin_layercapture"],
    });
});
