// Sites that the tests of logging in need: a Balrog of their own whose users log in with tokens, and nginx servers in front of an
// admin's socket.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./harness.mjs";

const TOP = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const BUILD = process.env.BALROG_BUILD ?? join(TOP, "build");
const SANDBOX = join(TOP, "scripts/sandbox");

export async function freePort() {
    const server = createServer();
    await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    await new Promise(resolve => server.close(resolve));
    return port;
}

export class Box {
    constructor(dir = mkdtempSync(join(tmpdir(), "balrog-box-"))) {
        this.dir = dir;
    }

    // Runs scripts/sandbox.
    run(command, ...args) {
        return execFileSync(SANDBOX, [command, this.dir, ...args], {
            encoding: "utf8",
            stdio: ["ignore", "pipe", "pipe"],
        });
    }

    up(...args) {
        const printed = this.run("up", "--load", join(TOP, "conf/demo.sql"), ...args);
        this.url = /ADMIN_URL=(\S+)/.exec(printed)[1].replace(/'/g, "");
        return this;
    }

    get socket() {
        return join(this.dir, "run/admin.sock");
    }

    sql(text) {
        this.run("sql", "-e", text);
    }

    remove() {
        this.run("down");
        rmSync(this.dir, { recursive: true });
    }
}

export function template(name, words) {
    let text = readFileSync(join(TOP, "conf/nginx", name), "utf8");
    for (const [name, value] of Object.entries({ SERVER_NAME: "localhost", UI_DIR: join(BUILD, "ui"), ...words })) {
        text = text.replaceAll(`@${name}@`, () => value);
    }
    return text;
}

// An nginx with this text inside http { }. Resolves once it listens.
export async function startNginx(dir, port, text) {
    const temp = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map(kind => `${kind}_temp_path ${dir}/tmp;`);
    const user = process.getuid() === 0 ? "user root;" : "";
    const head = `daemon off; ${user} pid ${dir}/nginx.pid; error_log ${dir}/error.log; events {}`;
    writeFileSync(join(dir, "nginx.conf"), `${head}\nhttp { ${temp.join(" ")}\n${text}\n}\n`);
    const child = spawn("nginx", ["-e", join(dir, "error.log"), "-c", join(dir, "nginx.conf")], { stdio: "inherit" });
    const listens = async () => {
        try {
            await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" });
            return true;
        } catch (error) {
            return error.cause?.code !== "ECONNREFUSED";
        }
    };
    await eventually("nginx listens", listens);
    return { stop: () => child.kill() };
}

// $dir/NAME.pem and .key: a certificate for this subject, signed by CA or by itself.
export function makeCertificate(dir, name, subject, ca) {
    const openssl = (...args) => execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
    const request = ["-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", `${name}.key`];
    if (ca) {
        openssl("req", ...request, "-out", "csr");
        openssl(
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            "csr",
            "-CA",
            `${ca}.pem`,
            "-CAkey",
            `${ca}.key`,
            "-CAcreateserial",
            "-out",
            `${name}.pem`,
        );
    } else {
        openssl("req", "-x509", "-days", "2", ...request, "-out", `${name}.pem`);
    }
}
