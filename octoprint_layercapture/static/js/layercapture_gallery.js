/* The gallery: prints with their pictures, to look through and to hand on. */
$(function () {
    function LayerCaptureGalleryViewModel(parameters) {
        const self = this;

        self.loginState = parameters[0];
        self.access = parameters[1];

        /** The gallery comes into view; called by the tab. */
        self.shown = () => {};
        /** The gallery goes out of view; called by the tab. */
        self.hidden = () => {};
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: LayerCaptureGalleryViewModel,
        dependencies: ["loginStateViewModel", "accessViewModel"],
        name: "layerCaptureGalleryViewModel",
    });
});
