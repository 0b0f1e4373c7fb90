/* The gallery's list: prints newest first, as many as were asked for, some selected. */
(function () {
    const gallery = window.LayerCaptureGallery;
    const { words } = gallery;

    const PAGE = 24; // prints shown at first, and more each time
    const MOST = 100; // prints that one request gives

    const client = () => OctoPrint.plugins.layercapture;

    /** One print in the list; what is known of it may change, the card stays. */
    function Card(print, list) {
        const self = this;
        self.key = print.key;
        self.print = ko.observable(print);
        self.name = ko.pureComputed(() => self.print().name);
        self.cover = ko.pureComputed(() => ({ src: self.print().cover, alt: "" }));
        self.hasCover = ko.pureComputed(() => !!self.print().cover);
        self.state = ko.pureComputed(() => words.stateOf(self.print()).text());
        self.label = ko.pureComputed(() => words.stateOf(self.print()).label);
        self.started = ko.pureComputed(() => words.date(self.print().started));
        self.counts = ko.pureComputed(() => words.countsOf(self.print()));
        self.running = ko.pureComputed(() => self.print().state === "running");
        self.selectText = ko.pureComputed(() =>
            _.sprintf(gettext("Select %(name)s of %(date)s"), {
                name: self.name(),
                date: self.started(),
            }),
        );
        self.openText = ko.pureComputed(() =>
            _.sprintf(gettext("Open %(name)s of %(date)s"), {
                name: self.name(),
                date: self.started(),
            }),
        );
        self.selected = ko.observable(false);
        self.selected.subscribe(() => list.selectionChanged.valueHasMutated());
    }

    function List() {
        const self = this;
        const going = new Set(); // keys that are being deleted, or were a moment ago
        let asked = 0;

        self.known = ko.observable(false);
        self.loading = ko.observable(false);
        self.problem = ko.observable("");
        self.cards = ko.observableArray([]);
        self.total = ko.observable(0);
        self.selectionChanged = ko.observable();

        self.empty = ko.pureComputed(
            () => self.known() && !self.problem() && !self.cards().length,
        );
        self.left = ko.pureComputed(() =>
            Math.max(0, self.total() - self.cards().length),
        );
        self.moreText = ko.pureComputed(() =>
            _.sprintf(
                ngettext("Show more (%(count)s)", "Show more (%(count)s)", self.left()),
                {
                    count: self.left(),
                },
            ),
        );
        self.chosen = ko.pureComputed(() => {
            self.selectionChanged();
            return self.cards().filter((card) => card.selected());
        });
        self.chosenText = ko.pureComputed(() => {
            const bytes = words.sumOf(self.chosen(), (card) => card.print().bytes);
            return _.sprintf(
                ngettext(
                    "%(count)s print selected, %(size)s",
                    "%(count)s prints selected, %(size)s",
                    self.chosen().length,
                ),
                { count: self.chosen().length, size: words.size(bytes) },
            );
        });
        self.unselect = () => self.cards().forEach((card) => card.selected(false));

        const show = (prints, total) => {
            const old = new Map(self.cards().map((card) => [card.key, card]));
            const gone = prints.filter(({ key }) => going.has(key)).length;
            self.total(total - gone);
            self.cards(
                _.uniq(prints, ({ key }) => key)
                    .filter(({ key }) => !going.has(key))
                    .map((print) => {
                        const card = old.get(print.key) || new Card(print, self);
                        card.print(print);
                        return card;
                    }),
            );
            self.known(true);
        };

        /** The first prints, page by page, since one request has its limit. */
        const fetch = async (wanted) => {
            let prints = [];
            let total = 0;
            do {
                const page = await client().prints(
                    prints.length,
                    Math.min(MOST, wanted - prints.length),
                );
                if (!page.prints.length) return { prints, total: page.total };
                prints = prints.concat(page.prints);
                total = page.total;
            } while (prints.length < Math.min(wanted, total));
            return { prints, total };
        };

        const ask = (wanted) => {
            const ticket = ++asked;
            self.loading(true);
            return fetch(wanted).then(
                ({ prints, total }) => {
                    if (ticket !== asked) return;
                    show(prints, total);
                    self.problem("");
                    self.loading(false);
                },
                (answer) => {
                    if (ticket !== asked) return;
                    self.problem(words.refusalOf(answer));
                    self.loading(false);
                },
            );
        };

        self.refresh = () => ask(Math.max(PAGE, self.cards().length));
        self.more = () => ask(self.cards().length + PAGE);

        /** A print is being deleted: it leaves the list and is not asked for. */
        self.leave = (key) => {
            going.add(key);
            const before = self.cards().length;
            self.cards.remove((card) => card.key === key);
            self.total(self.total() - (before - self.cards().length));
        };

        /** It could not be deleted, and is to be listed again. */
        self.comeBack = (key) => going.delete(key);
    }

    gallery.List = List;
})();
