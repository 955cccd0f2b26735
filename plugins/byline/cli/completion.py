"""`publish completion`: commands and options completed by the shell."""

from __future__ import annotations

import click

_WHERE = {
    "bash": 'eval "$(publish completion bash)"   in ~/.bashrc',
    "zsh": 'eval "$(publish completion zsh)"   in ~/.zshrc',
    "fish": "publish completion fish > ~/.config/fish/completions/publish.fish",
}


@click.command(short_help="Let the shell complete commands and options.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what SHELL needs to complete `publish` with the Tab key.

    \b
    bash   eval "$(publish completion bash)"   in ~/.bashrc
    zsh    eval "$(publish completion zsh)"    in ~/.zshrc
    fish   publish completion fish > ~/.config/fish/completions/publish.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    top = ctx.find_root().command
    for name in ("publish", "byline"):
        made = found(top, {}, name, "_PUBLISH_COMPLETE")
        click.echo(made.source_template % made.source_vars())
    click.echo(f"# {_WHERE[shell]}")
