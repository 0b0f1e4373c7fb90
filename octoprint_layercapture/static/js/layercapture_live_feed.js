/* The feed: the server's state, kept right by its messages whatever overtakes what.
 *
 * A state holds all that was told up to its revision. Pieces told later are applied again
 * on top of it; a state that is older than the one at hand changes nothing.
 */
(function () {
    /** What a piece of the story changes in the state. */
    const APPLY = {
        progress: (state, { capture, current, next }) => {
            state.capture = capture;
            if (state.job) {
                if (current !== undefined) state.job.current = current;
                if (next !== undefined) state.job.next = next;
            }
        },
        picture_saved: (state, { capture_id, index, camera, key, name }) => {
            const board = state.board;
            if (!board || board.capture_id !== capture_id) return;
            board.key = key || board.key;
            const same = { index: index, camera: camera };
            _.remove(board.failures, same);
            if (!_.some(board.pictures, same)) {
                board.pictures.push({ ...same, name: name });
            }
        },
        picture_failed: (state, { capture_id, index, camera, text, params }) => {
            const board = state.board;
            if (!board || board.capture_id !== capture_id) return;
            const same = { index: index, camera: camera };
            if (!_.some(board.failures, same)) {
                board.failures.push({ ...same, text: text, params: params });
            }
        },
    };

    /** `changed(state, piece)` hears of each change; without a piece all is new. */
    function LayerCaptureFeed(changed) {
        let state = null;
        let pieces = []; // newer than the state, or of a server's run not known yet

        const apply = (piece) => {
            if (_.has(APPLY, piece.event)) APPLY[piece.event](state, piece);
        };

        /** The whole state, asked for or told. */
        this.whole = (told) => {
            const known = state && state.session === told.session;
            if (known && told.revision < state.revision) return;
            state = _.cloneDeep(told);
            pieces = pieces.filter(
                ({ session, revision }) =>
                    session === state.session && revision > state.revision,
            );
            pieces.forEach(apply);
            changed(state);
        };

        /** A piece of the story. */
        this.piece = (piece) => {
            if (!_.has(APPLY, piece.event)) return;
            const known = state && state.session === piece.session;
            if (known && piece.revision <= state.revision) return;
            pieces.push(piece);
            if (!known) return;
            apply(piece);
            changed(state, piece);
        };
    }

    window.LayerCaptureFeed = LayerCaptureFeed;
})();
