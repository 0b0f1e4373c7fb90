(function (global, factory) {
    if (typeof define === "function" && define.amd) {
        define(["OctoPrintClient"], factory);
    } else {
        factory(global.OctoPrintClient);
    }
})(this, function (OctoPrintClient) {
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
            this.base.getBaseUrl() + `${this.url}trial/${id}/${encodeURIComponent(name)}`
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
