/* Pictures on the page: small ones that are loaded as they come into view and given up
 * as they leave it, and large ones that stay until the next is there. */
(function () {
    const gallery = (window.LayerCaptureGallery = window.LayerCaptureGallery || {});

    const MOST = 48; // small pictures on the page at any time
    const AHEAD = "150px"; // how far outside of the window they are loaded

    const boxes = new Map(); // element -> {src, alt, near, image, broken}

    const drop = (element, box) => {
        if (box.image) box.image.remove();
        box.image = null;
    };

    const broken = (element, box, src) => {
        if (box.src !== src) return;
        drop(element, box);
        box.broken = src;
        element.classList.add("layercapture-broken");
    };

    const load = (element, box) => {
        const src = box.src;
        if (!box.image) {
            box.image = document.createElement("img");
            box.image.decoding = "async";
            box.image.draggable = false;
            element.prepend(box.image);
        }
        box.image.alt = box.alt || "";
        if (box.image.getAttribute("src") === src) return;
        box.image.onerror = () => broken(element, box, src);
        box.image.setAttribute("src", src);
    };

    /** Give up pictures that are out of view, then load as many as there is room for. */
    const settle = () => {
        let held = 0;
        boxes.forEach((box, element) => {
            const wanted = box.near && box.src && box.broken !== box.src;
            if (!wanted) drop(element, box);
            if (box.image) held += 1;
        });
        boxes.forEach((box, element) => {
            if (!box.near || !box.src || box.broken === box.src) return;
            if (box.image) load(element, box);
            else if (held < MOST) {
                held += 1;
                load(element, box);
            }
        });
    };
    const soon = _.debounce(settle, 30, { maxWait: 100 });

    const watcher = new IntersectionObserver(
        (entries) => {
            entries.forEach(({ target, isIntersecting }) => {
                if (boxes.has(target)) boxes.get(target).near = isIntersecting;
            });
            soon();
        },
        { rootMargin: AHEAD },
    );

    /** A box with a small picture: {src, alt}. */
    ko.bindingHandlers.layercapturePicture = {
        init: (element) => {
            boxes.set(element, { near: false });
            watcher.observe(element);
            ko.utils.domNodeDisposal.addDisposeCallback(element, () => {
                watcher.unobserve(element);
                boxes.delete(element);
                soon();
            });
        },
        update: (element, accessor) => {
            const { src, alt } = accessor();
            const box = boxes.get(element);
            box.src = ko.unwrap(src);
            box.alt = ko.unwrap(alt);
            if (box.broken !== box.src) {
                box.broken = null;
                element.classList.remove("layercapture-broken");
            }
            soon();
        },
    };

    /** Loads a picture into the browser's cache: true, or false where it is broken. */
    const preload = (url) =>
        new Promise((done) => {
            const image = new Image();
            image.onload = () => done(true);
            image.onerror = () => done(false);
            image.src = url;
        });

    /** A large picture: `shown` is the last one of `url` that has arrived. */
    function Stage(url) {
        const self = this;
        self.shown = ko.observable();
        self.broken = ko.observable(false);
        self.loading = ko.observable(false);

        const show = (wanted) => {
            self.loading(!!wanted && wanted !== self.shown());
            self.broken(false);
            if (!wanted || wanted === self.shown()) {
                self.shown(wanted);
                return;
            }
            preload(wanted).then((whole) => {
                if (url() !== wanted) return;
                self.loading(false);
                self.broken(!whole);
                self.shown(whole ? wanted : undefined);
            });
        };
        const subscription = url.subscribe(show);
        show(url());
        self.dispose = () => subscription.dispose();
    }

    gallery.pictures = { preload, Stage };
})();
