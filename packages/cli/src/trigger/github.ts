import { jsonEvent, type ProviderSamples, type SampleInput } from './sample.ts'

const HOOK_ID = 500_000_001

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers */
function headersOf(event: string, { uuid }: SampleInput): { readonly [name: string]: string } {
  return {
    'user-agent': 'GitHub-Hookshot/countersign-trigger',
    'x-github-delivery': uuid(),
    'x-github-event': event,
    'x-github-hook-id': String(HOOK_ID),
    'x-github-hook-installation-target-id': String(REPOSITORY.id),
    'x-github-hook-installation-target-type': 'repository',
  }
}

const SENDER = { login: 'octo-sample', id: 1001, type: 'User', site_admin: false }
const REPOSITORY = {
  id: 700_000_001,
  name: 'sample',
  full_name: 'octo-sample/sample',
  private: false,
  owner: SENDER,
  html_url: 'https://github.com/octo-sample/sample',
  default_branch: 'main',
}

function event(name: string, make: (input: SampleInput) => object) {
  return (input: SampleInput) => jsonEvent({ ...make(input), repository: REPOSITORY, sender: SENDER }, headersOf(name, input))
}

function commitId({ uuid }: SampleInput): string {
  return `${uuid()}${uuid()}`.replaceAll('-', '').slice(0, 40)
}

const about = ({ nowMs }: SampleInput, title: string) => ({
  id: nowMs,
  number: 7,
  title,
  state: 'open',
  user: SENDER,
  created_at: new Date(nowMs).toISOString(),
  body: 'Sent by countersign trigger.',
})

export const GITHUB: ProviderSamples = {
  headersOf,
  events: {
    push: event('push', input => {
      const [before, after] = [commitId(input), commitId(input)]
      const commit = {
        id: after,
        message: 'A sample commit',
        timestamp: new Date(input.nowMs).toISOString(),
        author: { name: 'Octo Sample', email: 'octo@example.com', username: SENDER.login },
        added: [],
        removed: [],
        modified: ['README.md'],
      }
      return {
        ref: 'refs/heads/main',
        before,
        after,
        created: false,
        deleted: false,
        forced: false,
        commits: [commit],
        head_commit: commit,
        pusher: { name: SENDER.login, email: 'octo@example.com' },
      }
    }),
    ping: event('ping', () => ({
      zen: 'A signature says who, not what for.',
      hook_id: HOOK_ID,
      hook: {
        type: 'Repository',
        id: HOOK_ID,
        name: 'web',
        active: true,
        events: ['push'],
        config: { content_type: 'json', insecure_ssl: '0' },
      },
    })),
    issues: event('issues', input => ({ action: 'opened', issue: about(input, 'A sample issue') })),
    pull_request: event('pull_request', input => ({
      action: 'opened',
      number: 7,
      pull_request: {
        ...about(input, 'A sample pull request'),
        draft: false,
        merged: false,
        head: { ref: 'sample', sha: commitId(input) },
        base: { ref: 'main', sha: commitId(input) },
      },
    })),
  },
}
