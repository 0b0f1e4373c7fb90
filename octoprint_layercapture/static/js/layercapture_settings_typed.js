/* What was typed and not saved outlasts OctoPrint's reading its settings anew. */
(function () {
    const OURS = ["plugins", "layercapture"];
    const RELOAD_ALL = "#settings_dialog_update_detected .reload_all";

    /** The places of all single values in a tree of settings with groups. */
    const placesIn = (tree) =>
        Object.entries(tree).flatMap(([name, value]) =>
            _.isPlainObject(value) ? _.keys(value).map((key) => [name, key]) : [[name]],
        );

    /**
     * OctoPrint's page reads all settings anew some minutes after a log-in, after another
     * one, and when a lost connection comes back. While `editing`, the values of ours that
     * were changed here stay then; those that were not are taken over. What the user asks
     * for by name, closing the dialog, saving, loading everything again, is left alone.
     */
    const keepTyped = (settingsViewModel, editing) => {
        const take = settingsViewModel.fromResponse;
        let discard = false;

        document.addEventListener(
            "click",
            ({ target }) => {
                if (target.closest(RELOAD_ALL)) discard = true;
            },
            true,
        );

        settingsViewModel.fromResponse = function (response, local) {
            const before = settingsViewModel.lastReceivedSettings;
            const known = _.get(before, OURS);
            const asked = response === before || settingsViewModel.receiving() || local;
            const keep = editing() && !asked && !discard && _.get(response, OURS);
            if (!asked) discard = false;
            if (!known || !keep) return take.call(this, response, local);

            const here = ko.mapping.toJS(_.get(settingsViewModel.settings, OURS));
            const merged = _.cloneDeep(response);
            placesIn(known).forEach((place) => {
                const typed = _.get(here, place);
                if (!_.isEqual(typed, _.get(known, place))) {
                    _.set(merged, [...OURS, ...place], typed);
                }
            });
            const taken = take.call(this, merged, local);
            // what was typed is still to be saved: it differs from what the server has
            settingsViewModel.lastReceivedSettings = response;
            return taken;
        };
    };

    window.LayerCaptureTyped = { keepTyped };
})();
