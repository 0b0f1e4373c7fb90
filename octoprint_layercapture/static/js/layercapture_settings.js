/* The settings page: its fields, and the grid as the server sees it. */
$(function () {
    const SIZE = 300; // longer side of the picture in its own units, about a pixel each
    const FRAME = 22; // room around it, for the axes
    const RADIUS = 11;
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
    };

    const { say, numberField } = window.LayerCaptureFields;
    const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

    /** Where millimetres of the bed are in the picture; y up, as on the printer. */
    const viewOf = (preview) => {
        const { bed, volume, positions } = preview;
        const span = (low, high, values) => {
            // positions far outside stay at the edge, or the bed would become a dot
            const reach = (high - low) / 2;
            const seen = values.map((value) => clamp(value, low - reach, high + reach));
            return [Math.min(low, ...seen), Math.max(high, ...seen)];
        };
        const [left, right] = span(bed.min_x, bed.max_x, [
            ..._.map(positions, "x"),
            volume.min_x,
            volume.max_x,
        ]);
        const [front, back] = span(bed.min_y, bed.max_y, [
            ..._.map(positions, "y"),
            volume.min_y,
            volume.max_y,
        ]);
        const scale = SIZE / Math.max(right - left, back - front, 1);
        const width = (right - left) * scale + 2 * FRAME;
        const height = (back - front) * scale + 2 * FRAME;
        return {
            box: `0 0 ${_.round(width, 2)} ${_.round(height, 2)}`,
            scale: scale,
            x: (x) => _.round(FRAME + (clamp(x, left, right) - left) * scale, 2),
            y: (y) => _.round(FRAME + (back - clamp(y, front, back)) * scale, 2),
        };
    };

    /** The bed, or what the margin leaves of a box, as the outline of a path. */
    const outline = (shape, box, view, inset) => {
        const rx = ((box.max_x - box.min_x) / 2 - inset) * view.scale;
        const ry = ((box.max_y - box.min_y) / 2 - inset) * view.scale;
        if (!(rx > 0 && ry > 0)) return "";
        const x = view.x((box.min_x + box.max_x) / 2);
        const y = view.y((box.min_y + box.max_y) / 2);
        if (shape === "circular") {
            const half = (dx) => `a${rx},${ry} 0 1,0 ${dx},0`;
            return `M${x - rx},${y}${half(2 * rx)}${half(-2 * rx)}Z`;
        }
        return `M${x - rx},${y - ry}h${2 * rx}v${2 * ry}h${-2 * rx}Z`;
    };

    /** How large the points may be without touching each other. */
    const radiusOf = (positions, view) => {
        const gaps = ["x", "y"].map((axis) => {
            const places = _.uniq(_.map(positions, axis)).sort((a, b) => a - b);
            return places.slice(1).map((place, i) => place - places[i]);
        });
        const closest = Math.min(Infinity, ..._.flatten(gaps)) * view.scale;
        return clamp(closest * 0.42, 1.5, RADIUS);
    };

    const drawingOf = (preview) => {
        const { bed, volume, margin } = preview;
        // a custom bounding box may be larger than the bed; the margin counts from there
        const free = bed.shape === "circular" ? bed : volume;
        const view = viewOf(preview);
        const radius = radiusOf(preview.positions, view);
        const place = (position) => [view.x(position.x), view.y(position.y)];
        const placeOf = new Map(preview.positions.map((p) => [p.index, place(p)]));
        const stops = preview.path.map((index) => placeOf.get(index));
        const legs = stops.map(([x, y], i) => {
            if (i === 0) return `M${x},${y}`;
            const [fromX, fromY] = stops[i - 1];
            return `L${(fromX + x) / 2},${(fromY + y) / 2}L${x},${y}`;
        });
        return {
            box: view.box,
            bed: outline(bed.shape, bed, view, 0),
            margin: outline(bed.shape, free, view, margin),
            origin: `translate(${view.x(0)},${view.y(0)})`,
            path: legs.join(""),
            arrows: radius > 5 ? "url(#layercapture-arrow)" : null,
            points: preview.positions.map((position) => ({
                index: position.index,
                refused: !!position.refused,
                first: position.index === preview.path[0],
                place: `translate(${place(position)})`,
                radius: radius,
                cross: `M${-radius},${-radius}L${radius},${radius}M${-radius},${radius}L${radius},${-radius}`,
                number: radius < 4.5 ? "" : position.index,
                fontSize: radius * (position.index > 99 ? 0.85 : 1.1),
                title: titleOf(position),
            })),
        };
    };

    const titleOf = (position) =>
        position.refused
            ? _.sprintf(gettext("Position %(index)s: %(reason)s"), {
                  index: position.index,
                  reason: say(position.refused),
              })
            : _.sprintf(gettext("Position %(index)s: X %(x)s, Y %(y)s"), position);

    /** Refused positions in words, those with the same reason together. */
    const refusedOf = (preview) => {
        const refused = preview.positions.filter((position) => position.refused);
        const reasons = _.groupBy(refused, (position) => say(position.refused));
        return _.map(reasons, (positions, reason) => ({
            reason: reason,
            which: _.sprintf(
                ngettext(
                    "Position %(numbers)s",
                    "Positions %(numbers)s",
                    positions.length,
                ),
                { numbers: _.map(positions, "index").join(", ") },
            ),
        }));
    };

    const summaryOf = (preview) => {
        const { bed, path, positions } = preview;
        if (!path.length) {
            return gettext("No position can be reached: no pictures would be taken.");
        }
        return _.sprintf(
            ngettext(
                "%(reached)s of %(all)s position, on a bed of %(width)s × %(depth)s mm.",
                "%(reached)s of %(all)s positions, on a bed of %(width)s × %(depth)s mm.",
                positions.length,
            ),
            {
                reached: path.length,
                all: positions.length,
                width: _.round(bed.max_x - bed.min_x, 2),
                depth: _.round(bed.max_y - bed.min_y, 2),
            },
        );
    };

    /** What stands in for the settings that are left empty, by key. */
    const automaticOf = (bed) =>
        _.mapValues(
            {
                "grid.center_x": (bed.min_x + bed.max_x) / 2,
                "grid.center_y": (bed.min_y + bed.max_y) / 2,
                "bed.width": bed.max_x - bed.min_x,
                "bed.depth": bed.max_y - bed.min_y,
                "bed.max_z": bed.max_z,
            },
            (value) => _.round(value, 2),
        );

    function LayerCaptureSettingsViewModel(parameters) {
        const self = this;

        self.settingsViewModel = parameters[0];
        self.cameras = parameters[1];

        self.preview = ko.observable();
        self.pending = ko.observable(false);
        self.unreachable = ko.observable(false);

        self.drawing = ko.pureComputed(() => self.preview() && drawingOf(self.preview()));
        self.summary = ko.pureComputed(() =>
            self.preview() ? summaryOf(self.preview()) : gettext("Drawing the grid…"),
        );
        self.nothingReached = ko.pureComputed(
            () => self.preview() && !self.preview().path.length,
        );
        self.refused = ko.pureComputed(() =>
            self.preview() ? refusedOf(self.preview()) : [],
        );
        self.problems = ko.pureComputed(() => {
            const problems = self.preview() ? self.preview().problems : [];
            return Object.fromEntries(
                problems.map((problem) => [problem.key, say(problem)]),
            );
        });
        const wrongDetails = ko.pureComputed(() =>
            _.filter(self.preview() && self.preview().problems, {
                key: "cameras.details",
            }),
        );
        self.automatic = ko.pureComputed(() =>
            self.preview() ? automaticOf(self.preview().bed) : {},
        );

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
                .preview(ko.mapping.toJS(self.settings))
                .done(
                    latest((answer) => {
                        self.preview(answer);
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

        self.onBeforeBinding = () => {
            self.settings = self.settingsViewModel.settings.plugins.layercapture;
            self.numbers = _.mapValues(NUMBERS, (optional, key) =>
                numberField(_.get(self.settings, key), optional),
            );
            self.cameras.attach(self.settings, wrongDetails);
            ko.computed(() => ko.mapping.toJS(self.settings))
                .extend({
                    rateLimit: { timeout: DEBOUNCE, method: "notifyWhenChangesStop" },
                })
                .subscribe(() => {
                    if (shown) self.requestPreview();
                });
        };

        self.onSettingsShown = () => {
            shown = true;
            self.cameras.shown();
            self.requestPreview();
        };

        self.onSettingsHidden = () => {
            shown = false;
            self.cameras.hidden();
            window.clearTimeout(retry);
        };

        self.onServerConnect = self.onServerReconnect = () => {
            if (shown) self.requestPreview();
        };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureSettingsViewModel,
        dependencies: ["settingsViewModel", "layerCaptureCamerasViewModel"],
        elements: ["#settings_plugin_layercapture"],
    });
});
