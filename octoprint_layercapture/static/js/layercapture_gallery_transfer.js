/* Handing pictures on, and deleting them: addresses of archives, and questions asked. */
(function () {
    const gallery = window.LayerCaptureGallery;
    const { words } = gallery;

    const CONFIRM = "layercapture_gallery_confirm";

    const client = () => OctoPrint.plugins.layercapture;

    const complain = (text) =>
        new PNotify({
            title: gettext("Layer Capture"),
            text: _.escape(text),
            type: "error",
            hide: false,
        });

    /** What can be downloaded of the print that is open, as {text, url}. */
    const downloadsOf = (look) => {
        const info = look.info();
        const { exportUrl } = client();
        const url = (chosen) => exportUrl.call(client(), info.key, chosen);
        const several = info.cameras.length > 1;
        const items = [
            {
                id: "print",
                text: gettext("The print: all pictures with their data"),
                url: url({}),
            },
        ];
        if (look.layer() !== undefined) {
            items.push({
                id: "layer",
                text: _.sprintf(gettext("Layer %(layer)s"), { layer: look.layer() }),
                url: url({ layer: look.layer() }),
            });
        }
        items.push({
            id: "position",
            text: _.sprintf(gettext("Position %(position)s through all layers"), {
                position: look.position(),
            }),
            url: url({
                index: look.position(),
                camera: several ? look.camera() : undefined,
            }),
        });
        if (several) {
            items.push({
                id: "camera",
                text: _.sprintf(gettext("Camera %(camera)s"), { camera: look.camera() }),
                url: url({ camera: look.camera() }),
            });
        }
        items.push({
            id: "dataset",
            text: gettext("As a dataset, with one table of all pictures"),
            url: url({ format: "dataset" }),
        });
        return items;
    };

    /** Questions with "yes" and "no", one at a time, in a dialog of the page's own. */
    function Confirmation() {
        const self = this;
        let answer = () => {};

        self.text = ko.observable("");
        self.detail = ko.observable("");
        self.yes = ko.observable("");

        const dialog = () => document.getElementById(CONFIRM);
        const close = (agreed) => {
            const tell = answer;
            answer = () => {};
            if (dialog().open) dialog().close();
            tell(agreed);
        };
        self.agree = () => close(true);
        self.refuse = () => close(false);

        /** A promise of whether the person agrees. */
        self.ask = ({ text, detail, yes }) =>
            new Promise((done) => {
                answer(false);
                answer = done;
                self.text(text);
                self.detail(detail || "");
                self.yes(yes);
                dialog().showModal();
            });
    }

    /** Deleting. `list` is the gallery's, `left` is called as a print goes. */
    function Deletion(list, left, changed) {
        const self = this;

        self.confirmation = new Confirmation();

        const drop = (key) => {
            list.leave(key);
            left(key);
            return client()
                .deletePrint(key)
                .then(null, (answer) => {
                    list.comeBack(key);
                    if (answer.status === 404) return; // somebody else was faster
                    complain(words.refusalOf(answer));
                });
        };

        /** Ask, then delete these prints, one after the other. */
        self.prints = async (prints) => {
            if (!prints.length) return;
            const params = {
                count: prints.length,
                name: prints[0].name,
                date: words.date(prints[0].started),
                pictures: words.sumOf(prints, (print) => print.pictures),
                size: words.size(words.sumOf(prints, (print) => print.bytes)),
            };
            const agreed = await self.confirmation.ask({
                text: _.sprintf(
                    prints.length === 1
                        ? gettext("Delete the pictures of %(name)s of %(date)s?")
                        : gettext("Delete the pictures of %(count)s prints?"),
                    params,
                ),
                detail: _.sprintf(
                    gettext(
                        "%(pictures)s pictures, %(size)s. They cannot be brought back. The G-code stays.",
                    ),
                    params,
                ),
                yes: gettext("Delete"),
            });
            if (!agreed) return;
            prints.forEach(({ key }) => list.leave(key));
            for (const { key } of prints) await drop(key);
            changed();
        };

        const part = async (question, request) => {
            const agreed = await self.confirmation.ask({
                text: question,
                detail: gettext("This cannot be undone."),
                yes: gettext("Delete"),
            });
            if (!agreed) return;
            await request().then(null, (answer) => {
                if (answer.status !== 404) complain(words.refusalOf(answer));
            });
            changed();
        };

        self.picture = (key, picture) =>
            part(
                _.sprintf(
                    gettext("Delete the picture of layer %(layer)s, position %(index)s?"),
                    {
                        layer: picture.layer,
                        index: picture.index,
                    },
                ),
                () => client().deletePicture(key, picture.name),
            );

        self.capture = (key, capture) =>
            part(
                _.sprintf(
                    ngettext(
                        "Delete the %(count)s picture of layer %(layer)s?",
                        "Delete all %(count)s pictures of layer %(layer)s?",
                        capture.kept,
                    ),
                    { count: capture.kept, layer: capture.layer },
                ),
                () => client().deleteCapture(key, capture.key),
            );
    }

    gallery.transfer = { downloadsOf, Deletion, complain };
})();
