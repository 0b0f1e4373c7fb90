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

    /** What the plugin is doing right now. */
    LayerCaptureClient.prototype.state = function (opts) {
        return this.base.get(this.url + "state", opts);
    };

    /** The master switch. */
    LayerCaptureClient.prototype.setEnabled = function (enabled, opts) {
        return this.base.postJson(this.url + "enabled", { enabled: enabled }, opts);
    };

    /** Act on the print under way: "skip", "continue", "capture_next" or "stop". */
    LayerCaptureClient.prototype.command = function (command, opts) {
        return this.base.postJson(this.url + "job", { command: command }, opts);
    };

    OctoPrintClient.registerPluginComponent("layercapture", LayerCaptureClient);
    return LayerCaptureClient;
});
