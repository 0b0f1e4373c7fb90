/* What the gallery says of prints, pictures and failures, in the reader's language. */
(function () {
    const { say, number, size, date } = window.LayerCaptureFields;
    const gallery = (window.LayerCaptureGallery = window.LayerCaptureGallery || {});

    const STATES = {
        running: { label: "label-info", text: () => gettext("printing") },
        done: { label: "label-success", text: () => gettext("done") },
        failed: { label: "label-important", text: () => gettext("failed") },
        cancelled: { label: "label-warning", text: () => gettext("cancelled") },
        interrupted: { label: "label-warning", text: () => gettext("interrupted") },
        unknown: { label: "", text: () => gettext("outcome not known") },
    };

    const stateOf = (print) => STATES[print.state] || STATES.unknown;

    const countsOf = ({ captures, pictures, failures, bytes }) => {
        const parts = [
            _.sprintf(ngettext("%(count)s layer", "%(count)s layers", captures), {
                count: captures,
            }),
            _.sprintf(ngettext("%(count)s picture", "%(count)s pictures", pictures), {
                count: pictures,
            }),
        ];
        if (failures) {
            parts.push(
                _.sprintf(ngettext("%(count)s missing", "%(count)s missing", failures), {
                    count: failures,
                }),
            );
        }
        return parts.concat(size(bytes)).join(" · ");
    };

    const placeOf = (point) => {
        if (!point) return gettext("not known");
        const height = point.z ?? null;
        return _.sprintf(
            height === null
                ? gettext("X %(x)s, Y %(y)s mm")
                : gettext("X %(x)s, Y %(y)s, Z %(z)s mm"),
            {
                x: number(point.x, 2),
                y: number(point.y, 2),
                z: height === null ? "" : number(height, 2),
            },
        );
    };

    const heaterOf = (name) => {
        const tool = /^tool(\d+)$/.exec(name);
        if (tool) return _.sprintf(gettext("Hotend %(number)s"), { number: tool[1] });
        if (name === "bed") return gettext("Bed");
        return name === "chamber" ? gettext("Chamber") : name;
    };

    const temperatureOf = ({ actual, target }, name) => {
        const values = {
            heater: heaterOf(name),
            actual: actual === null ? "?" : number(actual, 1),
            target: target ? number(target, 1) : "",
        };
        return _.sprintf(
            target
                ? gettext("%(heater)s %(actual)s °C (target %(target)s °C)")
                : gettext("%(heater)s %(actual)s °C"),
            values,
        );
    };

    const layerOf = (layer, z, total) =>
        _.sprintf(
            total
                ? gettext("%(layer)s of %(total)s, at a height of %(z)s mm")
                : gettext("%(layer)s, at a height of %(z)s mm"),
            { layer: layer, total: total, z: number(z, 3) },
        );

    /** Everything there is to say of a picture, as {name, value}. */
    const factsOf = (picture, print) => {
        const facts = [
            [gettext("Layer"), layerOf(picture.layer, picture.z, print.layers_total)],
            [gettext("Position"), picture.index],
            [gettext("Asked for"), placeOf(picture.requested || picture.position)],
            [gettext("Reported"), placeOf(picture.actual)],
            [gettext("Taken"), date(picture.timestamp, true)],
            [gettext("Temperatures"), _.map(picture.temperatures, temperatureOf)],
            [gettext("Camera"), picture.camera],
            [
                gettext("Size"),
                _.sprintf(gettext("%(width)s × %(height)s pixels, %(size)s"), {
                    width: picture.width,
                    height: picture.height,
                    size: size(picture.size),
                }),
            ],
            [gettext("File"), picture.name],
        ];
        if (picture.repeated) {
            facts.push([
                gettext("Note"),
                gettext(
                    "It is the same picture, bit for bit, as at the position before.",
                ),
            ]);
        }
        return facts.map(([name, value]) => ({
            name: name,
            value: (_.isArray(value) ? value.join(", ") : String(value)) || "–",
        }));
    };

    /** The same in brief, for beside the picture. */
    const briefOf = (picture, print) => {
        const names = [gettext("Reported"), gettext("Taken"), gettext("Temperatures")];
        return factsOf(picture, print).filter(({ name }) => names.includes(name));
    };

    /** Why a picture is missing. */
    const failureOf = ({ message, reason }) => (message ? say(message) : gettext(reason));

    /** How a capture ended that was not completed, or nothing. */
    const endingOf = (capture) => {
        const ending = capture && capture.ending;
        if (!ending || (!ending.failure && !ending.interrupted)) return "";
        const counts = { visited: ending.visited, planned: ending.planned };
        const early = _.sprintf(
            gettext(
                "This capture ended early, after %(visited)s of %(planned)s positions.",
            ),
            counts,
        );
        return ending.failure ? `${early} ${gettext(ending.failure)}` : early;
    };

    /** Why a request was refused, or that it was not answered. */
    const refusalOf = (answer) => {
        const message = _.get(answer, "responseJSON.message");
        if (_.has(message, "text")) return say(message);
        const status = _.get(answer, "status");
        if (status === 403) return gettext("You have no permission for this.");
        if (status === 404) {
            return gettext(
                "It is not there any more. It may have been deleted meanwhile.",
            );
        }
        return gettext(
            "The server did not answer. Check that OctoPrint runs, then try again.",
        );
    };

    /** The sum of a number over a list. OctoPrint's lodash is 3. */
    const sumOf = (list, value) => list.reduce((sum, each) => sum + value(each), 0);

    gallery.words = {
        sumOf,
        say,
        stateOf,
        countsOf,
        placeOf,
        factsOf,
        briefOf,
        failureOf,
        endingOf,
        refusalOf,
        layerOf,
        number,
        size,
        date,
    };
})();
