/*
 * qr.c
 *		A QR code of a short text: ISO/IEC 18004, version 4, level L, bytes, mask 0.
 *
 * One version and one mask are enough here, and make this short: 80 bytes of data, 20 bytes of
 * Reed-Solomon code in one block.  A reader takes any mask.
 */
#include "qr.h"

#include <stdint.h>
#include <string.h>

#define DATA 80
#define CHECK 20
#define ALIGNED 26				/* row and column of the middle of the alignment pattern */

/* The generator polynomial of GF(256): x^8 + x^4 + x^3 + x^2 + 1 */
#define FIELD 0x11D

/*
 * Level L and mask 0, with 10 bits of BCH code, and XORed with 101010000010010, as the standard
 * has them in its annex C; the first bit is the highest.
 */
#define FORMAT 0x77C4
#define FORMAT_BITS 15

typedef struct Layout
{
	QrCode	   *code;
	bool		taken[QR_SIDE][QR_SIDE];	/* not for data */
} Layout;

static uint8_t multiply(uint8_t a, uint8_t b);
static void append_check(uint8_t bytes[DATA + CHECK]);
static void put_bits(uint8_t *bytes, int *at, unsigned value, int width);
static void put_module(Layout *layout, int row, int column, bool dark);
static void put_square(Layout *layout, int row, int column, int radius, const char *rings);
static void put_patterns(Layout *layout);
static void put_format(Layout *layout);
static void put_data(Layout *layout, const uint8_t bytes[DATA + CHECK]);

static uint8_t
multiply(uint8_t a, uint8_t b)
{
	unsigned	product = 0;

	for (int bit = 7; bit >= 0; bit--)
	{
		product <<= 1;
		if (product & 0x100)
			product ^= FIELD;
		if (b >> bit & 1)
			product ^= a;
	}
	return (uint8_t) product;
}

/* The remainder of the data by the product of (x - 2^i) for each i below CHECK */
static void
append_check(uint8_t bytes[DATA + CHECK])
{
	uint8_t		generator[CHECK + 1] = {1};	/* from the highest power */
	uint8_t		root = 1;

	for (int degree = 1; degree <= CHECK; degree++)
	{
		for (int i = degree; i > 0; i--)
			generator[i] ^= multiply(generator[i - 1], root);
		root = multiply(root, 2);
	}
	memset(bytes + DATA, 0, CHECK);
	for (int at = 0; at < DATA; at++)
	{
		uint8_t		factor = bytes[at] ^ bytes[DATA];

		memmove(bytes + DATA, bytes + DATA + 1, CHECK - 1);
		bytes[DATA + CHECK - 1] = 0;
		for (int i = 0; i < CHECK; i++)
			bytes[DATA + i] ^= multiply(generator[i + 1], factor);
	}
}

static void
put_bits(uint8_t *bytes, int *at, unsigned value, int width)
{
	for (int bit = width - 1; bit >= 0; bit--, (*at)++)
		if (value >> bit & 1)
			bytes[*at / 8] |= (uint8_t) (0x80 >> *at % 8);
}

static void
put_module(Layout *layout, int row, int column, bool dark)
{
	layout->code->dark[row][column] = dark;
	layout->taken[row][column] = true;
}

/* Rings around a middle: rings[n] is '1' if what is n modules away is dark. */
static void
put_square(Layout *layout, int row, int column, int radius, const char *rings)
{
	for (int down = -radius; down <= radius; down++)
		for (int right = -radius; right <= radius; right++)
		{
			int			y = row + down;
			int			x = column + right;
			int			away = down < 0 ? -down : down;

			if (away < right || away < -right)
				away = right < 0 ? -right : right;
			if (y >= 0 && y < QR_SIDE && x >= 0 && x < QR_SIDE)
				put_module(layout, y, x, rings[away] == '1');
		}
}

/* What is in each code of this version */
static void
put_patterns(Layout *layout)
{
	for (int i = 8; i < QR_SIDE - 8; i++)
	{
		put_module(layout, 6, i, i % 2 == 0);
		put_module(layout, i, 6, i % 2 == 0);
	}
	put_square(layout, 3, 3, 4, "11010");
	put_square(layout, 3, QR_SIDE - 4, 4, "11010");
	put_square(layout, QR_SIDE - 4, 3, 4, "11010");
	put_square(layout, ALIGNED, ALIGNED, 2, "101");
	put_module(layout, QR_SIDE - 8, 8, true);
}

/* It stands there twice: around the first square, and beside the two others. */
static void
put_format(Layout *layout)
{
	for (int i = 0; i < FORMAT_BITS; i++)
	{
		bool		dark = FORMAT >> (FORMAT_BITS - 1 - i) & 1;
		int			along = i < 6 ? i : i == 6 ? 7 : 8;	/* row 6 and column 6 have the timing pattern */

		if (i < 8)
			put_module(layout, 8, along, dark);
		else
			put_module(layout, i == 8 ? 7 : FORMAT_BITS - 1 - i, 8, dark);
		if (i < 7)
			put_module(layout, QR_SIDE - 1 - i, 8, dark);
		else
			put_module(layout, 8, QR_SIDE - FORMAT_BITS + i, dark);
	}
}

/* Two columns at a time from the right, up and down in turn, past the timing pattern */
static void
put_data(Layout *layout, const uint8_t bytes[DATA + CHECK])
{
	int			at = 0;
	bool		up = true;

	for (int right = QR_SIDE - 1; right > 0; right -= 2, up = !up)
	{
		if (right == 6)
			right--;
		for (int step = 0; step < QR_SIDE; step++)
			for (int left = 0; left < 2; left++)
			{
				int			row = up ? QR_SIDE - 1 - step : step;
				int			column = right - left;
				bool		dark;

				if (layout->taken[row][column])
					continue;
				/* Seven bits are over, and are light. */
				dark = at < 8 * (DATA + CHECK) && (bytes[at / 8] >> (7 - at % 8) & 1);
				at++;
				layout->code->dark[row][column] = dark ^ ((row + column) % 2 == 0);
			}
	}
}

bool
qr_make(const char *text, size_t length, QrCode *code)
{
	uint8_t		bytes[DATA + CHECK] = {0};
	Layout		layout = {.code = code};
	int			at = 0;

	if (length > QR_LONGEST)
		return false;
	put_bits(bytes, &at, 4, 4);	/* bytes follow */
	put_bits(bytes, &at, (unsigned) length, 8);
	for (size_t i = 0; i < length; i++)
		put_bits(bytes, &at, (uint8_t) text[i], 8);
	/* The end has four bits, which with the first four make a byte; what is free is filled. */
	at += 4;
	for (int i = 0; at < 8 * DATA; i++)
		put_bits(bytes, &at, i % 2 == 0 ? 0xEC : 0x11, 8);
	append_check(bytes);
	memset(code, 0, sizeof(*code));
	put_patterns(&layout);
	put_format(&layout);
	put_data(&layout, bytes);
	return true;
}
