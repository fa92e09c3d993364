import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";
import "./style/pages.css";
import "./style/releases.css";
import { render } from "preact";
import { startNetwork } from "./api/network";
import { startSession } from "./api/session";
import { startShared } from "./api/shared";
import { Frame } from "./app/frame";
import { startNotice } from "./app/notice";
import { startRouter } from "./app/router";
import { startTheme } from "./app/theme";
import { startKeys } from "./keys/keys";
import { startPairs } from "./stops/pairs";

function startAll(): void {
    startNetwork();
    startRouter();
    startKeys();
    startShared();
    startNotice();
    startPairs();
    render(<Frame />, document.body);
    startSession();
}

startTheme();
if (window.location.pathname === "/ui/callback") {
    void import("./app/callback").then(page => page.show());
} else {
    startAll();
}
