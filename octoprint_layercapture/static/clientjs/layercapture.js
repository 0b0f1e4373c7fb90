(function (global, factory) {
    if (typeof define === "function" && define.amd) {
        define(["OctoPrintClient"], factory);
    } else {
        factory(global.OctoPrintClient);
    }
})(this, function (OctoPrintClient) {
    const isGiven = function (value) {
        return value !== undefined && value !== null && value !== "";
    };

    /** `?a=1&b=2&b=3` of what is given in an object, or nothing at all. */
    const query = function (values) {
        const parts = [];
        Object.keys(values || {}).forEach(function (name) {
            [].concat(values[name]).forEach(function (value) {
                if (isGiven(value)) {
                    parts.push(name + "=" + encodeURIComponent(value));
                }
            });
        });
        return parts.length ? "?" + parts.join("&") : "";
    };

    const printPath = function (key) {
        return "prints/" + encodeURIComponent(key);
    };

    const capturePath = function (key, capture) {
        return printPath(key) + "/captures/" + encodeURIComponent(capture);
    };

    const LayerCaptureClient = function (base) {
        this.base = base;
        this.url = base.getBlueprintUrl("layercapture");
    };

    /** What the grid looks like with these settings, saved or not. */
    LayerCaptureClient.prototype.preview = function (settings, opts) {
        return this.base.postJson(this.url + "preview", { settings: settings }, opts);
    };

    /** What these settings, saved or not, would capture of a file below uploads. */
    LayerCaptureClient.prototype.plan = function (settings, file, opts) {
        const body = { settings: settings, file: file };
        return this.base.postJson(this.url + "plan", body, opts);
    };

    /** What the plugin is doing right now. */
    LayerCaptureClient.prototype.state = function (opts) {
        return this.base.get(this.url + "state", opts);
    };

    /** The master switch. */
    LayerCaptureClient.prototype.setEnabled = function (enabled, opts) {
        return this.base.postJson(this.url + "enabled", { enabled: enabled }, opts);
    };

    /** Where a kept picture or JSON is. */
    LayerCaptureClient.prototype.file = function (key, name) {
        const path = encodeURIComponent(key) + "/" + encodeURIComponent(name);
        return this.base.getBaseUrl() + this.url + "files/" + path;
    };

    /** Where a kept picture is, made small. */
    LayerCaptureClient.prototype.thumbnail = function (key, name) {
        const path = encodeURIComponent(key) + "/" + encodeURIComponent(name);
        return this.base.getBaseUrl() + this.url + "thumbnails/" + path;
    };

    /** Act on the print under way: "skip", "continue", "capture_next", "leave_next",
     * "stop" or "understood". */
    LayerCaptureClient.prototype.command = function (command, opts) {
        return this.base.postJson(this.url + "job", { command: command }, opts);
    };

    /** The cameras that there are, and what is wrong with them. */
    LayerCaptureClient.prototype.cameras = function (opts) {
        return this.base.get(this.url + "cameras", opts);
    };

    /** Take a picture to look at; answers with the test's id. */
    LayerCaptureClient.prototype.testCamera = function (camera, settings, opts) {
        const body = { camera: camera, settings: settings };
        return this.base.postJson(this.url + "cameras/test", body, opts);
    };

    /** What became of a test. */
    LayerCaptureClient.prototype.cameraTest = function (id, opts) {
        return this.base.get(this.url + "cameras/test/" + id, opts);
    };

    /** Where the picture of a test is. */
    LayerCaptureClient.prototype.cameraTestPicture = function (id) {
        return this.base.getBaseUrl() + this.url + "cameras/test/" + id + ".jpg";
    };

    /** Move the head to and fro and find out how long a camera takes. */
    LayerCaptureClient.prototype.measureCamera = function (camera, settings, home, opts) {
        const body = { camera: camera, settings: settings, home: home };
        return this.base.postJson(this.url + "cameras/measure", body, opts);
    };

    /** How far the measurement is, or what the last one found. */
    LayerCaptureClient.prototype.cameraMeasurement = function (opts) {
        return this.base.get(this.url + "cameras/measure", opts);
    };

    LayerCaptureClient.prototype.stopMeasuring = function (opts) {
        return this.base.delete(this.url + "cameras/measure", opts);
    };

    /** A page of the prints, newest first. */
    LayerCaptureClient.prototype.prints = function (offset, limit, opts) {
        return this.base.get(
            this.url + "prints" + query({ offset: offset, limit: limit }),
            opts,
        );
    };

    /** One print with its layers, grid and cameras. */
    LayerCaptureClient.prototype.print = function (key, opts) {
        return this.base.get(this.url + printPath(key), opts);
    };

    /** A page of a print's captures; `chosen` may have offset, limit, layer. */
    LayerCaptureClient.prototype.captures = function (key, chosen, opts) {
        return this.base.get(
            this.url + printPath(key) + "/captures" + query(chosen),
            opts,
        );
    };

    /** One capture with its pictures. */
    LayerCaptureClient.prototype.capture = function (key, capture, opts) {
        return this.base.get(this.url + capturePath(key, capture), opts);
    };

    /** A page of a print's pictures; `chosen` may have offset, limit, layer, index, camera. */
    LayerCaptureClient.prototype.pictures = function (key, chosen, opts) {
        return this.base.get(
            this.url + printPath(key) + "/pictures" + query(chosen),
            opts,
        );
    };

    LayerCaptureClient.prototype.deletePrint = function (key, opts) {
        return this.base.delete(this.url + printPath(key), opts);
    };

    LayerCaptureClient.prototype.deleteCapture = function (key, capture, opts) {
        return this.base.delete(this.url + capturePath(key, capture), opts);
    };

    LayerCaptureClient.prototype.deletePicture = function (key, name, opts) {
        const path = printPath(key) + "/pictures/" + encodeURIComponent(name);
        return this.base.delete(this.url + path, opts);
    };

    /** The videos that wait, are made, or were made, and what they would need. */
    LayerCaptureClient.prototype.videos = function (opts) {
        return this.base.get(this.url + "videos", opts);
    };

    /** Queue the videos of a print; without index or camera those of all. */
    LayerCaptureClient.prototype.makeVideos = function (key, index, camera, opts) {
        const body = { print: key };
        if (isGiven(index)) body.index = index;
        if (isGiven(camera)) body.camera = camera;
        return this.base.postJson(this.url + "videos", body, opts);
    };

    /**
     * Where a print is to be downloaded as a zip, to navigate to. `chosen` may have layer,
     * index, camera, capture (a capture's key) and format ("dataset").
     */
    LayerCaptureClient.prototype.exportUrl = function (key, chosen) {
        const path = "export/" + encodeURIComponent(key) + ".zip";
        return this.base.getBaseUrl() + this.url + path + query(chosen);
    };

    /** Where several prints are to be downloaded as one zip, to navigate to. */
    LayerCaptureClient.prototype.exportPrintsUrl = function (keys, chosen) {
        const which = query(Object.assign({ key: keys }, chosen));
        return this.base.getBaseUrl() + this.url + "export.zip" + which;
    };

    /** A test capture above the bed, which homes first if told to; with these settings,
     * or the saved ones. */
    LayerCaptureClient.prototype.beginTrial = function (home, settings, opts) {
        const body = settings ? { home: home, settings: settings } : { home: home };
        return this.base.postJson(this.url + "trial", body, opts);
    };

    /** How far the test capture is, or what came of the last one. */
    LayerCaptureClient.prototype.trial = function (opts) {
        return this.base.get(this.url + "trial", opts);
    };

    LayerCaptureClient.prototype.stopTrial = function (opts) {
        return this.base.delete(this.url + "trial", opts);
    };

    /** Where a picture of the test capture `id` is. */
    LayerCaptureClient.prototype.trialPicture = function (id, name) {
        return (
            this.base.getBaseUrl() +
            `${this.url}trial/${id}/${encodeURIComponent(name)}`
        );
    };

    LayerCaptureClient.prototype.trialThumbnail = function (id, name) {
        return (
            this.base.getBaseUrl() +
            `${this.url}trial/${id}/thumbnails/${encodeURIComponent(name)}`
        );
    };

    OctoPrintClient.registerPluginComponent("layercapture", LayerCaptureClient);
    return LayerCaptureClient;
});
