import { jsonEvent, type ProviderSamples, type SampleEvent, type SampleInput } from './sample.ts'

const TEAM = 'T0SAMPLE1'
const APP = 'A0SAMPLE1'
const CHANNEL = 'C0SAMPLE1'
const USER = 'U0SAMPLE1'
/** Tokens of this kind are deprecated, and Slack's documentation still names the field. */
const TOKEN = 'sample-verification-token'

const seconds = ({ nowMs }: SampleInput): string => (nowMs / 1000).toFixed(6)

/** The envelope of https://docs.slack.dev/apis/events-api/#callback-field */
function callback(make: (input: SampleInput) => object) {
  return (input: SampleInput): SampleEvent =>
    jsonEvent({
      token: TOKEN,
      team_id: TEAM,
      api_app_id: APP,
      event: { ...make(input), event_ts: seconds(input) },
      type: 'event_callback',
      event_id: `Ev${input.id(9).toUpperCase()}`,
      event_time: Math.floor(input.nowMs / 1000),
      authorizations: [{ enterprise_id: null, team_id: TEAM, user_id: USER, is_bot: true, is_enterprise_install: false }],
      is_ext_shared_channel: false,
    })
}

export const SLACK: ProviderSamples = {
  events: {
    app_mention: callback(input => ({ type: 'app_mention', user: USER, text: '<@U0BOT0001> hello', ts: seconds(input), channel: CHANNEL })),
    message: callback(input => ({
      type: 'message',
      channel: CHANNEL,
      channel_type: 'channel',
      user: USER,
      text: 'hello',
      ts: seconds(input),
    })),
    url_verification: ({ id }) => jsonEvent({ token: TOKEN, challenge: id(52), type: 'url_verification' }),
    /** https://docs.slack.dev/interactivity/implementing-slash-commands */
    command: ({ id, nowMs }) => ({
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({
        token: TOKEN,
        team_id: TEAM,
        team_domain: 'sample',
        channel_id: CHANNEL,
        channel_name: 'general',
        user_id: USER,
        user_name: 'sample',
        command: '/deploy',
        text: 'main to staging',
        api_app_id: APP,
        is_enterprise_install: 'false',
        response_url: `https://hooks.example.com/commands/${TEAM}/${id(12)}`,
        trigger_id: `${nowMs}.${id(12)}`,
      }).toString(),
    }),
  },
}
