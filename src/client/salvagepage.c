/*
 * salvagepage.c
 *		Pages of WAL, as they stand in the segments of a server that was lost.
 *
 * A page is believed only if its header names its own position, a timeline that can stand
 * there, and this cluster.  A segment that was recycled has pages of an earlier position, and
 * one that was never used has zeros.
 */
#include "salvage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of every header, and then of the longer one, which the first page of a segment has */
#define AT_MAGIC 0
#define AT_FLAGS 2
#define AT_TIMELINE 4
#define AT_POSITION 8
#define AT_REST 16
#define AT_SYSTEM 24
#define AT_SEGMENT_BYTES 32
#define AT_PAGE_BYTES 36

#define MAGIC_HIGH_BYTE 0xD1	/* the low byte says the version */
#define FLAG_LONG 0x0002
#define FLAGS_KNOWN 0x000F

static int	open_segment(const Wal *wal, uint64_t number);
static const uint8_t *load_page(const Wal *wal, uint64_t start);

uint64_t
wal_record_start(const Wal *wal, uint64_t position)
{
	if (position % wal->page_bytes != 0)
		return position;
	return position + (position % wal->segment_bytes == 0 ? SEGMENT_HEADER : PAGE_HEADER);
}

/* -1: there is none.  It stays open until another one is asked for. */
static int
open_segment(const Wal *wal, uint64_t number)
{
	static int	file = -1;
	static uint64_t opened = UINT64_MAX;
	uint64_t	per_id = (UINT64_C(1) << 32) / wal->segment_bytes;
	char		name[32];
	char	   *path;
	struct stat st;

	if (number == opened)
		return file;
	if (file >= 0)
		(void) close(file);
	snprintf(name, sizeof(name), "%08X%08X%08X", wal->timeline, (uint32_t) (number / per_id), (uint32_t) (number % per_id));
	path = file_path(wal->folder, name);
	/* To open a pipe must not wait for a writer. */
	file = open(path, O_RDONLY | O_NONBLOCK);
	free(path);
	opened = number;
	if (file >= 0 && (fstat(file, &st) != 0 || !S_ISREG(st.st_mode)))
	{
		(void) close(file);
		file = -1;
	}
	return file;
}

/* NULL: it is not there. */
static const uint8_t *
load_page(const Wal *wal, uint64_t start)
{
	static uint8_t page[MOST_PAGE_BYTES];
	static uint64_t loaded = UINT64_MAX;
	int			file;

	if (start == loaded)
		return page;
	loaded = UINT64_MAX;
	file = open_segment(wal, start / wal->segment_bytes);
	if (file < 0 || pread(file, page, wal->page_bytes, (off_t) (start % wal->segment_bytes)) != (ssize_t) wal->page_bytes)
		return NULL;
	loaded = start;
	return page;
}

const uint8_t *
wal_page(Wal *wal, uint64_t start, PageHeader *header)
{
	const uint8_t *page = load_page(wal, start);
	bool		is_first = start % wal->segment_bytes == 0;
	uint16_t	magic;
	uint64_t	position;
	uint64_t	system;
	uint32_t	segment_bytes;
	uint32_t	page_bytes;

	if (page == NULL)
		return NULL;
	memcpy(&magic, page + AT_MAGIC, sizeof(magic));
	memcpy(&header->flags, page + AT_FLAGS, sizeof(header->flags));
	memcpy(&header->timeline, page + AT_TIMELINE, sizeof(header->timeline));
	memcpy(&position, page + AT_POSITION, sizeof(position));
	memcpy(&header->rest, page + AT_REST, sizeof(header->rest));
	memcpy(&system, page + AT_SYSTEM, sizeof(system));
	memcpy(&segment_bytes, page + AT_SEGMENT_BYTES, sizeof(segment_bytes));
	memcpy(&page_bytes, page + AT_PAGE_BYTES, sizeof(page_bytes));
	if (magic >> 8 != MAGIC_HIGH_BYTE || (header->flags & ~FLAGS_KNOWN) != 0 || position != start ||
		header->timeline == 0 || header->timeline > wal->timeline || header->timeline < wal->page_timeline ||
		((header->flags & FLAG_LONG) != 0) != is_first)
		return NULL;
	if (is_first && (system != wal->system || segment_bytes != wal->segment_bytes || page_bytes != wal->page_bytes))
		return NULL;
	return page;
}

uint64_t
wal_first_start(Wal *wal, uint64_t *start)
{
	PageHeader	header;
	uint64_t	end;

	for (;; *start += wal->page_bytes)
	{
		if (wal_page(wal, *start, &header) == NULL)
			return NO_POSITION;
		end = wal_record_start(wal, *start);
		if ((header.flags & FLAG_CONTINUED) == 0)
			return end;
		end += ALIGNED((uint64_t) header.rest);
		if (end <= *start + wal->page_bytes)
			return wal_record_start(wal, end);
	}
}

bool
wal_is_blank(Wal *wal, uint64_t position)
{
	uint64_t	start = position - position % wal->page_bytes;
	PageHeader	header;
	const uint8_t *page = wal_page(wal, start, &header);

	for (uint64_t at = position - start; page != NULL && at < wal->page_bytes; at++)
		if (page[at] != 0)
			return false;
	return true;
}
