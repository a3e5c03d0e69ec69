/* One deployment: its stages, its tests, why it failed. */
#include "tui/canvas.h"
#include "views/console.h"
#include "views/pane.h"
#include "views/view.h"

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_DEPLOYMENT | 1u << FETCH_RESULTS;
}

const struct view view_deployment = {
	.name = "deployment", .context = ON_DEPLOYMENT, .of_deployment = true, .needs = needs, .draw = pane_deployment,
};
