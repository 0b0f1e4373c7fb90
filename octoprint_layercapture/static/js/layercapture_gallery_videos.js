/* The videos of the print that is open: making them, and how far they are. */
(function () {
    const gallery = window.LayerCaptureGallery;
    const { words } = gallery;

    const client = () => OctoPrint.plugins.layercapture;

    const stateText = ({ state, progress, message }) => {
        if (message) return words.say(message);
        if (state === "queued") return gettext("waits for its turn");
        if (state === "rendering") {
            return _.sprintf(gettext("is being made: %(percent)s %%"), {
                percent: Math.round(progress),
            });
        }
        return state === "done" ? gettext("is ready") : gettext("could not be made");
    };

    const shown = (video) => ({
        ...video,
        title: _.sprintf(gettext("Position %(index)s, camera %(camera)s"), video),
        text: stateText(video),
        moving: video.state === "rendering",
        url: video.movie
            ? `${OctoPrint.getBaseUrl()}downloads/timelapse/${encodeURIComponent(video.movie)}`
            : null,
    });

    function Videos(look) {
        const self = this;
        const all = ko.observableArray([]);

        self.problem = ko.observable(""); // what has to be configured first
        self.refusal = ko.observable("");
        self.asking = ko.observable(false);
        self.list = ko.pureComputed(() =>
            all()
                .filter((video) => video.print === look.key())
                .map(shown),
        );

        const take = ({ videos, problem }) => {
            all(videos);
            self.problem(problem ? words.say(problem) : "");
        };

        self.refresh = () => client().videos().done(take);

        /** The plugin's message that something became of a video. */
        self.changed = (video) => {
            const at = all().findIndex(({ id }) => id === video.id);
            if (at < 0) all.push(video);
            else all.splice(at, 1, video);
        };

        const make = (index, camera) => {
            self.refusal("");
            self.asking(true);
            return client()
                .makeVideos(look.key(), index, camera)
                .done(take)
                .fail((answer) => self.refusal(words.refusalOf(answer)))
                .always(() => self.asking(false));
        };
        self.makeOne = () => make(look.position(), look.camera());
        self.makeAll = () => make();
    }

    gallery.Videos = Videos;
})();
