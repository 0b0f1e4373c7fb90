/* The grid as the server sees it, as things to draw and to read. */
(function () {
    const SIZE = 300; // longer side of the picture in its own units, about a pixel each
    const FRAME = 22; // room around it, for the axes
    const RADIUS = 11;

    const { say, number } = window.LayerCaptureFields;
    const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

    /** Where millimetres of the bed are in the picture; y up, as on the printer. */
    const viewOf = (preview) => {
        const { bed, volume, positions } = preview;
        const span = (low, high, values) => {
            // positions far outside stay at the edge, or the bed would become a dot
            const reach = (high - low) / 2;
            const seen = values.map((value) => clamp(value, low - reach, high + reach));
            return [Math.min(low, ...seen), Math.max(high, ...seen)];
        };
        const [left, right] = span(bed.min_x, bed.max_x, [
            ..._.map(positions, "x"),
            volume.min_x,
            volume.max_x,
        ]);
        const [front, back] = span(bed.min_y, bed.max_y, [
            ..._.map(positions, "y"),
            volume.min_y,
            volume.max_y,
        ]);
        const scale = SIZE / Math.max(right - left, back - front, 1);
        const width = (right - left) * scale + 2 * FRAME;
        const height = (back - front) * scale + 2 * FRAME;
        return {
            box: `0 0 ${_.round(width, 2)} ${_.round(height, 2)}`,
            scale: scale,
            x: (x) => _.round(FRAME + (clamp(x, left, right) - left) * scale, 2),
            y: (y) => _.round(FRAME + (back - clamp(y, front, back)) * scale, 2),
            /** The place on the bed of a place in the picture, mm. */
            bedAt: ({ x, y }) => ({
                x: left + (x - FRAME) / scale,
                y: back - (y - FRAME) / scale,
            }),
        };
    };

    /** The bed, or what the margin leaves of a box, as the outline of a path. */
    const outline = (shape, box, view, inset) => {
        const rx = ((box.max_x - box.min_x) / 2 - inset) * view.scale;
        const ry = ((box.max_y - box.min_y) / 2 - inset) * view.scale;
        if (!(rx > 0 && ry > 0)) return "";
        const x = view.x((box.min_x + box.max_x) / 2);
        const y = view.y((box.min_y + box.max_y) / 2);
        if (shape === "circular") {
            const half = (dx) => `a${rx},${ry} 0 1,0 ${dx},0`;
            return `M${x - rx},${y}${half(2 * rx)}${half(-2 * rx)}Z`;
        }
        return `M${x - rx},${y - ry}h${2 * rx}v${2 * ry}h${-2 * rx}Z`;
    };

    /** What a file prints, by the corners around it. */
    const printed = (corners, view) =>
        corners.length
            ? `M${corners.map(([x, y]) => `${view.x(x)},${view.y(y)}`).join("L")}Z`
            : "";

    /** How large the points may be without touching each other. */
    const radiusOf = (positions, view) => {
        const gaps = ["x", "y"].map((axis) => {
            const places = _.uniq(_.map(positions, axis)).sort((a, b) => a - b);
            return places.slice(1).map((place, i) => place - places[i]);
        });
        const closest = Math.min(Infinity, ..._.flatten(gaps)) * view.scale;
        return clamp(closest * 0.42, 1.5, RADIUS);
    };

    const titleOf = (position) =>
        position.refused
            ? _.sprintf(gettext("Position %(index)s: %(reason)s"), {
                  index: position.index,
                  reason: say(position.refused),
              })
            : _.sprintf(gettext("Position %(index)s: X %(x)s, Y %(y)s"), position);

    /** Everything to draw; `corners` go around what the selected file prints. */
    const drawingOf = (preview, view, corners) => {
        const { bed, volume, margin } = preview;
        // a custom bounding box may be larger than the bed; the margin counts from there
        const free = bed.shape === "circular" ? bed : volume;
        const radius = radiusOf(preview.positions, view);
        const place = (position) => [view.x(position.x), view.y(position.y)];
        const placeOf = new Map(preview.positions.map((p) => [p.index, place(p)]));
        const stops = preview.path.map((index) => placeOf.get(index));
        const legs = stops.map(([x, y], i) => {
            if (i === 0) return `M${x},${y}`;
            const [fromX, fromY] = stops[i - 1];
            return `L${(fromX + x) / 2},${(fromY + y) / 2}L${x},${y}`;
        });
        return {
            bed: outline(bed.shape, bed, view, 0),
            margin: outline(bed.shape, free, view, margin),
            printed: printed(corners, view),
            origin: `translate(${view.x(0)},${view.y(0)})`,
            path: legs.join(""),
            arrows: radius > 5 ? "url(#layercapture-arrow)" : null,
            points: preview.positions.map((position) => ({
                index: position.index,
                refused: !!position.refused,
                first: position.index === preview.path[0],
                place: `translate(${place(position)})`,
                radius: radius,
                cross: `M${-radius},${-radius}L${radius},${radius}M${-radius},${radius}L${radius},${-radius}`,
                number: radius < 4.5 ? "" : position.index,
                fontSize: radius * (position.index > 99 ? 0.85 : 1.1),
                title: titleOf(position),
            })),
        };
    };

    /** Refused positions in words, those with the same reason together. */
    const refusedOf = (preview) => {
        const refused = preview.positions.filter((position) => position.refused);
        const reasons = _.groupBy(refused, (position) => say(position.refused));
        return _.map(reasons, (positions, reason) => ({
            reason: reason,
            which: _.sprintf(
                ngettext(
                    "Position %(numbers)s",
                    "Positions %(numbers)s",
                    positions.length,
                ),
                { numbers: _.map(positions, "index").join(", ") },
            ),
        }));
    };

    const summaryOf = (preview) => {
        const { bed, path, positions } = preview;
        if (!path.length) {
            return gettext("No position can be reached: no pictures would be taken.");
        }
        return _.sprintf(
            ngettext(
                "%(reached)s of %(all)s position, on a bed of %(width)s × %(depth)s mm.",
                "%(reached)s of %(all)s positions, on a bed of %(width)s × %(depth)s mm.",
                positions.length,
            ),
            {
                reached: path.length,
                all: positions.length,
                width: number(bed.max_x - bed.min_x, 2),
                depth: number(bed.max_y - bed.min_y, 2),
            },
        );
    };

    /** What stands in for the settings that are left empty, by key. */
    const automaticOf = (bed) =>
        _.mapValues(
            {
                "grid.center_x": (bed.min_x + bed.max_x) / 2,
                "grid.center_y": (bed.min_y + bed.max_y) / 2,
                "bed.width": bed.max_x - bed.min_x,
                "bed.depth": bed.max_y - bed.min_y,
                "bed.max_z": bed.max_z,
            },
            (value) => number(value, 2),
        );

    window.LayerCaptureDrawing = {
        viewOf,
        drawingOf,
        refusedOf,
        summaryOf,
        automaticOf,
    };
})();
