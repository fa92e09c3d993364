import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";
import "./style/pages.css";
import { render } from "preact";
import { start } from "./api/session";
import { startShared } from "./api/shared";
import { Frame } from "./app/frame";
import { startRouter } from "./app/router";
import { startTheme } from "./app/theme";
import { startKeys } from "./keys/keys";

startTheme();
startRouter();
startKeys();
startShared();
render(<Frame />, document.body);
void start();
