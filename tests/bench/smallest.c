/* The smallest ncurses program that shows as much as the console does: what bench_console measures the console by. */
#include <curses.h>
#include <locale.h>

int main(void)
{
	int at = 0;

	setlocale(LC_ALL, "");
	initscr();
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	do {
		for (int row = 0; row < LINES; row++) {
			attrset(row == at ? A_REVERSE : A_NORMAL);
			mvprintw(row, 0, "%3d  build 1.%d.0  9f3c1ab  main  tests OK 212/212  Make the total right", row, row);
		}
		refresh();
		at = (at + 1) % LINES;
	} while (getch() != 'q');
	endwin();
	return 0;
}
