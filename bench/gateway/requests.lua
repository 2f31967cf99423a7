-- Sends each signed request once: path and three headers a line, made by run.js.
local requests = {}
local at = 0
local threads = 0
function setup(thread)
  thread:set('own', threads)
  threads = threads + 1
end
function init(args)
  for line in io.lines(os.getenv('BENCH_REQUESTS')) do
    local path, key, ts, sig = line:match('(%S+) (%S+) (%S+) (%S+)')
    requests[#requests + 1] = wrk.format('GET', path, { ['qredo-api-key'] = key, ['qredo-api-ts'] = ts, ['qredo-api-sig'] = sig })
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  io.write(string.format('RESULT %d %d %d %d\n', summary.requests, summary.duration, summary.errors.status, latency:percentile(99)))
end
