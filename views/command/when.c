#include "views/command/when.h"

#include <string.h>

#include "backend/base/clock.h"
#include "views/command/call.h"
#include "views/command/out.h"

bool when_read(const struct call *c, struct zone_reading *ret, struct err *err)
{
	char first[CLOCK_ISO_SIZE], second[CLOCK_ISO_SIZE];

	*ret = (struct zone_reading){ 0 };
	if (!call_has(c, &flag_when))
		return true;
	if (!zone_read(call_value(c, &flag_when), ret, err))
		return err_wrap(err, "--at");
	if (ret->again)
		call_note(c, "--at: the clocks show %s twice: the first, %s, is taken; the second is %s",
		          call_value(c, &flag_when), clock_iso(ret->at, first), clock_iso(ret->again, second));
	return true;
}

void when_print(const struct zone_reading *when)
{
	char iso[CLOCK_ISO_SIZE], wall[ZONE_TEXT_SIZE];

	if (when->at && strcmp(when->zone, "UTC") == 0)
		out_line("  scheduled for %s", clock_iso(when->at, iso));
	else if (when->at)
		out_line("  scheduled for %s (%s)", clock_iso(when->at, iso), zone_text(when->zone, when->at, wall));
}
