/* What the screens share: messages, numbers, sizes and dates in the reader's language,
 * and number fields. */
(function () {
    const NUMBER = /^[-+]?(\d+([.,]\d*)?|[.,]\d+)$/;

    /** The page's language, in the browser's own variant of it where it has one. */
    const locale = (() => {
        const language = LOCALE.replace("_", "-");
        const ours = (each) => each === language || each.startsWith(`${language}-`);
        return navigator.languages.find(ours) || language;
    })();

    const numbers = (options) =>
        new Intl.NumberFormat(locale, {
            useGrouping: false,
            numberingSystem: "latn",
            ...options,
        });

    const typed = numbers({ maximumFractionDigits: 20 });

    /** A number with at most so many decimals. */
    const number = (value, decimals) =>
        numbers({ maximumFractionDigits: decimals }).format(_.round(value, decimals) + 0);

    const UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte"];

    /** So many bytes, by thousands as the settings and the server count them. */
    const size = (bytes) => {
        let value = bytes / 1000;
        let unit = 0;
        while (value >= 999.95 && unit < UNITS.length - 1) {
            value /= 1000;
            unit += 1;
        }
        return numbers({
            style: "unit",
            unit: UNITS[unit],
            maximumFractionDigits: 1,
        }).format(value);
    };

    /** Day and time, from seconds since 1970; with `exact` to the second. */
    const date = (seconds, exact) => {
        if (!seconds) return "–";
        const styles = { dateStyle: "medium", timeStyle: exact ? "medium" : "short" };
        return new Intl.DateTimeFormat(locale, styles).format(seconds * 1000);
    };

    /** A message in the reader's language; a parameter may be a message itself. */
    const say = ({ text, params }) =>
        _.sprintf(
            gettext(text),
            _.mapValues(params, (value) => {
                if (_.has(value, "text")) return say(value);
                const decimals = _.isFinite(value) && value % 1 !== 0;
                return decimals ? number(value, 3) : value;
            }),
        );

    /** What a person typed as the value to save: a number, null for "automatic", or,
     * where it is neither, the text as it is, for the server to say what is wrong. */
    const parse = (text, optional) => {
        text = text.trim();
        if (text === "" && optional) return null;
        return NUMBER.test(text) ? Number(text.replace(",", ".")) : text;
    };

    /** The text of a number field, kept beside the setting so that "2." can be typed. */
    const numberField = (setting, optional) => {
        const format = (value) =>
            _.isFinite(value) ? typed.format(value) : String(value ?? "");
        const text = ko.observable(format(setting()));
        text.subscribe((value) => setting(parse(value, optional)));
        setting.subscribe((value) => {
            if (value !== parse(text(), optional)) text(format(value));
        });
        return text;
    };

    window.LayerCaptureFields = { say, number, size, date, numberField };
})();
