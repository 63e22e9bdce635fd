"""The recipes that ship with Gristmill, found by name."""

from pathlib import Path

import yaml

from schemas.errors import RecipeError, unknown

HOME = Path(__file__).parent / "recipes"


def shipped(recipe: str) -> Path:
    """Return where a recipe is: a path as it is, a name as the file that ships under it; RecipeError if neither is."""
    path = Path(recipe)
    names = sorted(file.stem for file in HOME.glob("*.yaml"))
    if path.exists() or path.suffix in (".yaml", ".yml"):
        return path
    if recipe not in names:
        raise RecipeError(unknown("recipe", recipe, names))
    return HOME / f"{recipe}.yaml"


def summaries() -> list[dict[str, str]]:
    """Return each shipped recipe's name, the first line of its header, and the parameters that it leaves open."""
    found = []
    for file in sorted(HOME.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        data = yaml.safe_load(text)
        open_ = [name for name, value in (data.get("parameters") or {}).items() if value is None]
        wanted = [*([] if data.get("sources") else ["--input"]), *(f"--set {name}" for name in open_)]
        found.append({"recipe": file.stem, "what": text.partition("\n")[0].lstrip("# "), "needs": " ".join(wanted)})
    return found
