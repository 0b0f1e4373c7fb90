/* The picture in full size, with everything that is known of it. */
(function () {
    const gallery = window.LayerCaptureGallery;
    const { words } = gallery;

    const VIEWER = "layercapture_gallery_viewer";

    function Viewer(look) {
        const self = this;

        self.open = ko.observable(false);
        self.actual = ko.observable(false); // pixel by pixel, rather than as it fits
        self.facts = ko.pureComputed(() =>
            self.open() && look.picture() && look.info()
                ? words.factsOf(look.picture(), look.info())
                : [],
        );
        self.json = ko.pureComputed(() => (look.capture() ? look.capture().json : null));
        self.actualText = ko.pureComputed(() =>
            self.actual() ? gettext("Fit to the window") : gettext("Show every pixel"),
        );
        self.toggleActual = () => self.actual(!self.actual());

        const dialog = () => document.getElementById(VIEWER);

        self.show = () => {
            self.open(true);
            if (!dialog().open) dialog().showModal();
        };
        self.close = () => {
            if (dialog() && dialog().open) dialog().close();
        };
        /** However it was closed, by the button or by Escape. */
        self.closed = () => {
            self.open(false);
            self.actual(false);
        };
    }

    gallery.Viewer = Viewer;
})();
