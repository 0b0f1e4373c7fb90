/* What the screens share: messages in the reader's language, and number fields. */
(function () {
    const NUMBER = /^[-+]?(\d+([.,]\d*)?|[.,]\d+)$/;

    /** A message in the reader's language; a parameter may be a message itself. */
    const say = ({ text, params }) =>
        _.sprintf(
            gettext(text),
            _.mapValues(params, (value) => (_.has(value, "text") ? say(value) : value)),
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
        const format = (value) => String(value ?? "");
        const text = ko.observable(format(setting()));
        text.subscribe((value) => setting(parse(value, optional)));
        setting.subscribe((value) => {
            if (value !== parse(text(), optional)) text(format(value));
        });
        return text;
    };

    window.LayerCaptureFields = { say, numberField };
})();
