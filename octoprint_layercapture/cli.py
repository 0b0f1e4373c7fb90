"""Stand-in until the command line is written."""


def commands(cli_group, pass_octoprint_ctx, *args, **kwargs):
    return []
