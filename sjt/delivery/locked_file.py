"""The Safe Exam Browser settings that sjt writes itself. Pure.

Only kinds of values on which all programs agree when they compute the Config Key: text without quotation marks and
backslashes, whole numbers, yes and no, bytes, lists, and dictionaries that are not empty.
"""

from __future__ import annotations

import base64
import hashlib
import plistlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from sjt.delivery import locked_settings
from sjt.errors import Fault, InputError

SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of a quit password: none that is taken for another."""
_AUTHORITY: Final = 2
"""Kind of an embedded certificate: one of a certificate authority."""
_ALLOW: Final = 1
_NEVER: Final = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file is to say."""

    start_url: str
    quit_url: str
    quit_password: str = field(default="", repr=False)
    """Empty: the browser cannot be left by hand before the test has ended."""
    assistive: bool = False
    """Let screen readers, magnifiers and dictation run beside the browser."""
    authorities: Sequence[tuple[str, bytes]] = ()
    """Name and DER bytes of certificate authorities that the browser shall trust."""
    version: str = ""


def settings_of(wanted: Wanted) -> dict[str, Any]:
    """Give the settings of a session's or a sitting's file.

    Raises
    ------
    InputError
        An address is none that a browser can open, or holds a sign on which programs differ.
    """
    parts = urlsplit(wanted.start_url)
    for name, url in (("start", wanted.start_url), ("quit", wanted.quit_url)):
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname or set(url) & set('"\\ '):
            remedy = "Set SJT_BASE_URL to the address under which candidates reach sjt."
            raise InputError("The file cannot be written.", [Fault("", "", f"{name} address", f"is {url!r}.", remedy)])
    here = parts.netloc
    settings: dict[str, Any] = {
        "originatorVersion": f"sjt_{wanted.version}",
        "sebConfigPurpose": 0,
        "startURL": wanted.start_url,
        "sendBrowserExamKey": True,
        "browserWindowWebView": 3,
        # leaving
        "quitURL": wanted.quit_url,
        "quitURLConfirm": False,
        "allowQuit": bool(wanted.quit_password),
        "ignoreExitKeys": True,
        # a browser that was killed finds its sitting and its answers again
        "examSessionClearCookiesOnStart": False,
        "examSessionClearCookiesOnEnd": False,
        "removeBrowserProfile": False,
        "removeLocalStorage": False,
        "browserWindowAllowReload": True,
        "showReloadButton": True,
        "showReloadWarning": False,
        # nothing but the test
        "URLFilterEnable": True,
        "URLFilterEnableContentFilter": False,
        "URLFilterRules": [
            {"action": _ALLOW, "active": True, "expression": f"{here}/{place}/*", "regex": False}
            for place in ("sit", "static")
        ],
        "newBrowserWindowByLinkPolicy": _NEVER,
        "newBrowserWindowByScriptPolicy": _NEVER,
        "allowBrowsingBackForward": False,
        "browserWindowAllowAddressBar": False,
        "allowPreferencesWindow": False,
        "allowPrint": False,
        "allowScreenSharing": False,
        "allowScreenCapture": False,
        "enablePrintScreen": False,
        "enablePrivateClipboard": True,
        "allowVirtualMachine": False,
        "allowSpellCheck": False,
        "allowDictionaryLookup": False,
        "allowSiri": False,
        # the file with answers that could not be sent is saved to the computer
        "allowDownUploads": True,
        "allowDownloads": True,
        "allowUploads": False,
        # what candidates need
        "showTaskBar": True,
        "showTime": True,
        "enableZoomPage": True,
        "enableZoomText": True,
        "audioControlEnabled": True,
        "allowDictation": wanted.assistive,
        "allowSwitchToApplications": wanted.assistive,
        "createNewDesktop": not wanted.assistive,
        "killExplorerShell": wanted.assistive,
        "pinEmbeddedCertificates": False,
        "embeddedCertificates": [
            {
                "certificateData": der,
                "certificateDataBase64": base64.b64encode(der).decode("ascii"),
                "name": name,
                "type": _AUTHORITY,
            }
            for name, der in wanted.authorities
        ],
    }
    if wanted.quit_password:
        settings["hashedQuitPassword"] = hashlib.sha256(wanted.quit_password.encode()).hexdigest()
    if doubtful := locked_settings.doubts(settings):
        raise InputError(f"The file cannot be written: {'; '.join(doubtful)}.")
    return settings


def write(settings: dict[str, Any]) -> bytes:
    """Write settings as a plain file, which every version of the browser opens."""
    return plistlib.dumps(settings, fmt=plistlib.FMT_XML, sort_keys=True)
