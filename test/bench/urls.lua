-- wrk asks the URLs of a file in turn:  wrk … -s urls.lua URL -- FILE [MS]
-- With MS each connection pauses after an answer, up to MS and half of it on average: a load below what the machine can do.
-- One line says what came of it, separated by tabs: requests a second, microseconds at 50 % and 99 %, failures.
local requests = {}
local at = 0

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(args)
    local pause = tonumber(args[2])
    for line in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format("GET", line)
    end
    at = number * 7919 % #requests
    math.randomseed(number)
    if pause then
        function delay()
            return math.random(0, pause)
        end
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("result\t%.1f\t%.0f\t%.0f\t%d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
