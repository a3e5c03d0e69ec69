#include "views/command/command.h"

#include "backend/base/mem.h"

const struct flag flag_dir = { "--dir", 'C', "DIR", "the workspace, or a folder in it", false, false };
const struct flag flag_help = { "--help", 'h', NULL, "print this help", false, false };
const struct flag flag_json = { "--json", 0, NULL, "print one JSON object a line, as the API gives it", false, false };
const struct flag flag_app = { "--app", 0, "APP", "the application; needed when there are several", false, false };
const struct flag flag_wait = { "--wait", 0, NULL, "follow it to its end; the exit code says how it ended", false, false };
const struct flag flag_expect = { "--expect", 0, "LIVE", "refuse when another version than LIVE is live (\"\" for none)",
                                  false, false };
const struct flag flag_reason = { "--reason", 0, "TEXT", "why; it stays in the journal", false, false };
const struct flag flag_when = { "--at", 0, "TIME", "when: \"2026-12-01 18:00 Europe/Paris\"", false, false };
const struct flag flag_then = { "--at", 0, "TIME", "as it was then: \"2026-11-20 14:03 Europe/Paris\"; without a zone UTC", false,
                                false };
const struct flag flag_limit = { "--limit", 0, "N", "print at most N (50)", false, false };

const struct flag flag_override = { "--override", 0, "WHY", "deploy outside windows and in freezes; flagged for ever", false,
                                    false };
const struct flag flag_when_allowed = { "--when-allowed", 0, NULL, "wait for windows, locks and soaks instead of a refusal",
                                        false, false };

const struct flag *const flags_of_all[] = { &flag_dir, &flag_help };
const size_t nflags_of_all = ARRAY_LEN(flags_of_all);

static const struct flag flag_read_only = { "--read-only", 0, NULL, "nothing can be changed, and that cannot be lifted inside", false, false };
static const struct flag flag_slow = { "--slow", 0, NULL, "for a slow link: at most one frame a second", false, false };
static const struct flag flag_ascii = { "--ascii", 0, NULL, "draw with ASCII signs alone", false, false };
static const struct flag flag_plain = { "--plain", 0, NULL, "plain lines instead of screens", false, false };

static const struct flag flag_replay = { "--replay", 0, "FILE", "play a journal that slipway audit export wrote", false, false };
static const struct flag flag_speed = { "--speed", 0, "N", "how many times as fast the replay goes (1)", false, false };

const struct flag *const flags_of_console[] = {
	&flag_app, &flag_ascii, &flag_plain, &flag_read_only, &flag_replay, &flag_slow, &flag_speed,
};
const size_t nflags_of_console = ARRAY_LEN(flags_of_console);
