"""Takes into the site what the pages link to outside their folder: figures, commands, examples."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

_OUTSIDE = re.compile(r"\]\(\.\./([^)#]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add every file that a page links to above the folder of the pages."""
    root = Path(config["docs_dir"]).parent
    pages = [file.content_string for file in files.documentation_pages()]
    for target in sorted({found for page in pages for found in _OUTSIDE.findall(page)}):
        files.append(File.generated(config, target, abs_src_path=str(root / target)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Point those links to where the files are in the site."""
    return _OUTSIDE.sub(r"](\1)", markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Show the names in docstrings without the roles that only Sphinx knows."""
    return re.sub(r":(?:func|class|mod|meth|data|attr):(?=<code>)", "", html)
