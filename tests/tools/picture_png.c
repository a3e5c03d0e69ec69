#include "tests/tools/picture.h"

#include <errno.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/base/utf8.h"
#include "tests/tools/picture_look.h"
#include "tests/tools/screen.h"

enum {
	CELL_WIDTH = PICTURE_CELL_WIDTH * PICTURE_SCALE, CELL_HEIGHT = PICTURE_CELL_HEIGHT * PICTURE_SCALE,
	MARGIN = PICTURE_MARGIN * PICTURE_SCALE, CORNER = PICTURE_CORNER * PICTURE_SCALE,
	BASELINE = PICTURE_BASELINE * PICTURE_SCALE
};

static const char *const fonts[2] = {
	"/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
};

struct image {
	int width, height;
	unsigned char *pixels;  /* 4 bytes each */
	FT_Library library;
	FT_Face faces[2];       /* regular, bold */
};

static void image_done(struct image *image)
{
	for (int i = 0; i < 2; i++)
		if (image->faces[i])
			FT_Done_Face(image->faces[i]);
	if (image->library)
		FT_Done_FreeType(image->library);
	free(image->pixels);
	*image = (struct image){ 0 };
}

static bool load_fonts(struct image *image, struct err *err)
{
	if (FT_Init_FreeType(&image->library) != 0)
		return err_set(err, ERR_INTERNAL, "freetype does not start");
	for (int i = 0; i < 2; i++)
		if (FT_New_Face(image->library, fonts[i], 0, &image->faces[i]) != 0 ||
		    FT_Set_Pixel_Sizes(image->faces[i], 0, PICTURE_FONT * PICTURE_SCALE) != 0)
			return err_set(err, ERR_NOT_FOUND, "font %s cannot be read; install fonts-dejavu-core", fonts[i]);
	return true;
}

/* Mixes a colour over a pixel, share/255 of it. */
static void blend(struct image *image, int x, int y, uint32_t colour, unsigned share)
{
	unsigned char *pixel;

	if (x < 0 || y < 0 || x >= image->width || y >= image->height)
		return;
	pixel = image->pixels + ((size_t)y * (size_t)image->width + (size_t)x) * 4;
	for (int i = 0; i < 3; i++) {
		unsigned to = colour >> (16 - 8 * i) & 0xff;

		pixel[i] = (unsigned char)((pixel[i] * (255 - share) + to * share + 127) / 255);
	}
}

static void fill(struct image *image, int x, int y, int width, int height, uint32_t colour)
{
	for (int dy = 0; dy < height; dy++)
		for (int dx = 0; dx < width; dx++)
			blend(image, x + dx, y + dy, colour, 255);
}

/* How much of a pixel is inside of a rounded corner, 0…255, by 16 points in it; x and y count from the corner. */
static unsigned corner_share(int x, int y)
{
	unsigned inside = 0;

	for (int i = 0; i < 16; i++) {
		/* In eighths of a pixel, from the middle of the corner's circle. */
		int dx = 8 * CORNER - (8 * x + 1 + i % 4 * 2), dy = 8 * CORNER - (8 * y + 1 + i / 4 * 2);

		inside += dx <= 0 || dy <= 0 || dx * dx + dy * dy <= 64 * CORNER * CORNER;
	}
	return inside * 255 / 16;
}

/* The ground; what is outside of its rounded corners is transparent. */
static void lay_ground(struct image *image)
{
	image->pixels = mem_array((size_t)image->width * (size_t)image->height, 4);
	for (int y = 0; y < image->height; y++)
		for (int x = 0; x < image->width; x++) {
			int from_side = x < image->width / 2 ? x : image->width - 1 - x;
			int from_edge = y < image->height / 2 ? y : image->height - 1 - y;

			blend(image, x, y, PICTURE_GROUND, 255);
			image->pixels[((size_t)y * (size_t)image->width + (size_t)x) * 4 + 3] =
				(unsigned char)corner_share(from_side, from_edge);
		}
}

static void draw_arms(struct image *image, int x, int y, const struct picture_arms *arms, uint32_t colour)
{
	int thick = PICTURE_SCALE;
	int middle_x = x + (CELL_WIDTH - thick) / 2, middle_y = y + (CELL_HEIGHT - thick) / 2;
	int heavy = arms->left == 3 || arms->up == 3 ? thick : 0;

	if (arms->left)
		fill(image, x, middle_y - heavy, middle_x + thick - x, thick + 2 * heavy, colour);
	if (arms->right)
		fill(image, middle_x, middle_y - heavy, x + CELL_WIDTH - middle_x, thick + 2 * heavy, colour);
	if (arms->up)
		fill(image, middle_x - heavy, y, thick + 2 * heavy, middle_y + thick - y, colour);
	if (arms->down)
		fill(image, middle_x - heavy, middle_y, thick + 2 * heavy, y + CELL_HEIGHT - middle_y, colour);
}

static void draw_glyph(struct image *image, int x, int y, uint32_t code, bool bold, uint32_t colour)
{
	FT_Face face = image->faces[bold];
	FT_GlyphSlot slot = face->glyph;

	if (FT_Load_Char(face, code, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) != 0)
		return;
	for (unsigned row = 0; row < slot->bitmap.rows; row++)
		for (unsigned col = 0; col < slot->bitmap.width; col++)
			blend(image, x + slot->bitmap_left + (int)col, y + BASELINE - slot->bitmap_top + (int)row, colour,
			      slot->bitmap.buffer[(int)row * slot->bitmap.pitch + (int)col]);
}

static void draw_cell(struct image *image, int row, int col, const struct picture_cell *cell)
{
	int x = MARGIN + col * CELL_WIDTH, y = MARGIN + row * CELL_HEIGHT;
	struct picture_arms arms;
	size_t len = strlen(cell->text), at = 0;

	if (cell->bg != PICTURE_GROUND)
		fill(image, x, y, CELL_WIDTH * (cell->width ? cell->width : 1), CELL_HEIGHT, cell->bg);
	if (cell->underline)
		fill(image, x, y + BASELINE + 2 * PICTURE_SCALE, CELL_WIDTH, PICTURE_SCALE, cell->fg);
	if (picture_arms(cell->text, &arms)) {
		draw_arms(image, x, y, &arms, cell->fg);
		return;
	}
	while (at < len) {
		uint32_t code = '?';
		size_t n = utf8_decode(cell->text + at, len - at, &code);

		at += n ? n : 1;
		if (code != ' ')
			draw_glyph(image, x, y, code, cell->bold, cell->fg);
	}
}

static bool write_png(const struct image *image, const char *path, struct err *err)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	FILE *file = fopen(path, "wbe");

	if (!file || !info || setjmp(png_jmpbuf(png))) {
		err_errno(err, errno, "write %s", path);
		if (file)
			fclose(file);
		png_destroy_write_struct(&png, &info);
		return false;
	}
	png_init_io(png, file);
	png_set_compression_level(png, 9);
	png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, PNG_COLOR_TYPE_RGB_ALPHA,
	             PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (int y = 0; y < image->height; y++)
		png_write_row(png, image->pixels + (size_t)y * (size_t)image->width * 4);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	if (fclose(file) != 0)
		return err_errno(err, errno, "write %s", path);
	return true;
}

bool picture_png(const struct screen *s, const char *path, struct err *err)
{
	AUTO(image_done) struct image image = { 0 };
	int rows, cols;

	screen_size(s, &rows, &cols);
	image.width = cols * CELL_WIDTH + 2 * MARGIN;
	image.height = rows * CELL_HEIGHT + 2 * MARGIN;
	if (!load_fonts(&image, err))
		return false;
	lay_ground(&image);
	for (int row = 0; row < rows; row++)
		for (int col = 0; col < cols; col++) {
			struct picture_cell cell = picture_cell(s, row, col);

			if (cell.width > 0)
				draw_cell(&image, row, col, &cell);
		}
	return write_png(&image, path, err);
}
