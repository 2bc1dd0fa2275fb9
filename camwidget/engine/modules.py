"""The modules inside a model, by names that may travel and be shown. torch takes any text for a name; half characters
have no place in UTF-8, and marks that turn the writing would garble the line they stand in.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn


def shown(name: str) -> str:
    """The name with each letter that cannot be printed as a replacement character and its number, so that two names do
    not become one.
    """
    if name.isprintable():
        return name
    return "".join(letter if letter.isprintable() else f"\ufffd{ord(letter):x}" for letter in name)


def named(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """All modules inside the model with their names, as ``named_modules`` has them: at every forward pass, and torch's
    own walk takes four times as long.
    """
    seen: set[nn.Module] = {model}
    open_: list[tuple[str, Iterator[tuple[str, nn.Module | None]]]] = [("", iter(model._modules.items()))]
    while open_:
        prefix, children = open_[-1]
        for own, module in children:
            if module is not None and module not in seen:
                seen.add(module)
                name = prefix + shown(own)
                yield name, module
                if module._modules:
                    open_.append((f"{name}.", iter(module._modules.items())))
                    break
        else:
            open_.pop()


def module_of(model: nn.Module, name: str) -> nn.Module:
    """The module of this name.

    Raises:
        AttributeError: there is none.
    """
    try:
        return model.get_submodule(name)
    except AttributeError:
        for known, module in named(model):
            if known == name:
                return module
        raise
