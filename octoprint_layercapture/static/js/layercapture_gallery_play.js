/* Playing through the layers at one position: the next picture is there before it shows. */
(function () {
    const gallery = window.LayerCaptureGallery;
    const { preload } = gallery.pictures;

    const rest = (milliseconds) =>
        new Promise((done) => setTimeout(done, Math.max(0, milliseconds)));

    function Player(look) {
        const self = this;
        let run = 0;

        self.playing = ko.observable(false);
        self.note = ko.observable("");
        self.speeds = [1, 2, 5, 10];
        self.speed = ko.observable(2); // pictures per second
        self.text = ko.pureComputed(() =>
            self.playing() ? gettext("Stop") : gettext("Play through the layers"),
        );

        const skipped = (count) =>
            count
                ? _.sprintf(
                      ngettext(
                          "%(count)s layer without a picture of this position was left out.",
                          "%(count)s layers without a picture of this position were left out.",
                          count,
                      ),
                      { count: count },
                  )
                : "";

        const play = async (goOn) => {
            let left = 0;
            for (;;) {
                const since = Date.now();
                const from = look.at() + 1;
                const found = await look.find(from, goOn);
                if (!goOn()) return;
                left += found ? found.at - from : look.layers().length - from;
                self.note(skipped(left));
                if (!found) return;
                await preload(found.picture.url);
                await rest(1000 / self.speed() - (Date.now() - since));
                if (!goOn()) return;
                look.go(found.at);
            }
        };

        self.stop = () => {
            run += 1;
            self.playing(false);
        };

        self.start = async () => {
            const mine = ++run;
            self.playing(true);
            self.note("");
            if (look.at() >= look.layers().length - 1) look.go(0);
            try {
                await play(() => mine === run);
            } catch (answer) {
                if (mine === run) self.note(gallery.words.refusalOf(answer));
            }
            if (mine === run) self.stop();
        };

        self.toggle = () => (self.playing() ? self.stop() : void self.start());
    }

    gallery.Player = Player;
})();
