/* The tab with its two panes, and the messages the plugin has for people. */
$(function () {
    const { say } = window.LayerCaptureFields;

    function LayerCaptureTabViewModel(parameters) {
        const self = this;

        self.live = parameters[0];
        self.gallery = parameters[1];

        self.pane = ko.observable("live"); // or "gallery"
        self.pane.subscribe((pane) =>
            self.gallery[pane === "gallery" ? "shown" : "hidden"](),
        );

        self.onDataUpdaterPluginMessage = (plugin, message) => {
            if (plugin !== "layercapture") return;
            self.live.told(message);
            if (message.event === "notice") {
                self.live.notify({ level: message.level, text: say(message) });
            } else if (message.event === "capture_failed") {
                self.live.notify({
                    level: "error",
                    text: _.sprintf(gettext("Layer %(layer)s: %(reason)s"), {
                        layer: message.layer,
                        reason: say(message),
                    }),
                });
            }
        };

        self.onStartupComplete =
            self.onServerConnect =
            self.onServerReconnect =
            self.onUserPermissionsChanged =
                () => self.live.request();

        self.onServerDisconnect = () => self.live.connected(false);
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureTabViewModel,
        dependencies: ["layerCaptureLiveViewModel", "layerCaptureGalleryViewModel"],
        elements: ["#tab_plugin_layercapture"],
    });
});
