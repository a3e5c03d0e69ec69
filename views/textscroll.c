#include "views/textscroll.h"

#include "tui/input.h"
#include "views/console.h"

bool textscroll_key(struct console *c, uint32_t key, int total, int shown)
{
	int last = total > shown ? total - shown : 0, top = c->scroll.top;

	switch (key) {
	case INPUT_UP: case 'k': top--; break;
	case INPUT_DOWN: case 'j': top++; break;
	case INPUT_PGUP: top -= shown - 1; break;
	case INPUT_PGDN: case ' ': top += shown - 1; break;
	case INPUT_HOME: case 'g': top = 0; break;
	case INPUT_END: case 'G': top = last; break;
	default: return false;
	}
	c->scroll.top = top < 0 ? 0 : top > last ? last : top;
	return true;
}
