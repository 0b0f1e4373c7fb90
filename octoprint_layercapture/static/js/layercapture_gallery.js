/* The gallery: prints with their pictures, to look through and to hand on. */
$(function () {
    const { List, PrintView, transfer } = window.LayerCaptureGallery;

    const VIEW = "PLUGIN_LAYERCAPTURE_VIEW";
    const CAPTURE = "PLUGIN_LAYERCAPTURE_CAPTURE";
    const MANAGE = "PLUGIN_LAYERCAPTURE_MANAGE";
    const QUIET = 700; // ms without news until the gallery asks again
    const LONGEST = 3000; // ms that it waits for quiet

    function LayerCaptureGalleryViewModel(parameters) {
        const self = this;

        self.loginState = parameters[0];
        self.access = parameters[1];

        const may = (permission) =>
            self.loginState.hasPermission(self.access.permissions[permission]);
        const mayKo = (permission) =>
            ko.pureComputed(() =>
                self.loginState.hasPermissionKo(self.access.permissions[permission])(),
            );
        self.mayView = mayKo(VIEW);
        self.mayCapture = mayKo(CAPTURE);
        self.mayManage = mayKo(MANAGE);

        let inView = false;
        let stale = true;

        self.list = new List();
        self.view = new PrintView();
        self.deletion = new transfer.Deletion(
            self.list,
            (key) => {
                if (self.view.look.key() === key) self.close();
            },
            () => soon(),
        );

        const focus = (selector) =>
            setTimeout(
                () => $("#layercapture_gallery").find(selector).first().focus(),
                0,
            );

        self.open = (card) => {
            self.view.open(card.key);
            focus(".layercapture-print");
        };

        self.close = () => {
            const key = self.view.look.key();
            self.view.close();
            const at = self.list.cards().findIndex((card) => card.key === key);
            focus(at < 0 ? ".layercapture-prints" : `[data-print-at="${at}"]`);
        };

        const refresh = () => {
            if (!inView || !may(VIEW)) {
                stale = true;
                return;
            }
            stale = false;
            self.list.refresh();
            self.view.refresh();
        };
        const soon = _.debounce(refresh, QUIET, { maxWait: LONGEST });

        /** The gallery comes into view; called by the tab. */
        self.shown = () => {
            inView = true;
            if (stale) refresh();
        };

        /** The gallery goes out of view; called by the tab. */
        self.hidden = () => {
            inView = false;
            self.view.rest();
        };

        self.retry = refresh;

        self.chosenUrl = ko.pureComputed(() =>
            OctoPrint.plugins.layercapture.exportPrintsUrl(
                self.list.chosen().map(({ key }) => key),
                {},
            ),
        );
        self.chosenDatasetUrl = ko.pureComputed(() =>
            OctoPrint.plugins.layercapture.exportPrintsUrl(
                self.list.chosen().map(({ key }) => key),
                { format: "dataset" },
            ),
        );

        self.deleteChosen = () =>
            self.deletion.prints(self.list.chosen().map((card) => card.print()));
        self.deletePrint = () => self.deletion.prints([self.view.look.info()]);
        self.deleteCapture = () =>
            self.deletion.capture(self.view.look.key(), self.view.look.capture());
        self.deletePicture = () =>
            self.deletion.picture(self.view.look.key(), self.view.look.picture());

        /** Escape leads out of a comparison, then out of the print. */
        self.keydown = (data, event) => {
            if (event.key !== "Escape") return self.view.keydown(data, event);
            if (self.view.mode() !== "one") self.view.mode("one");
            else self.close();
            return false;
        };

        self.onDataUpdaterPluginMessage = (plugin, message) => {
            if (plugin !== "layercapture") return;
            if (message.event === "video") self.view.videos.changed(message);
            if (["library", "picture_saved", "capture_failed"].includes(message.event))
                soon();
        };

        self.onServerReconnect = () => soon();
        self.onUserPermissionsChanged = () => soon();
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureGalleryViewModel,
        dependencies: ["loginStateViewModel", "accessViewModel"],
        name: "layerCaptureGalleryViewModel",
    });
});
