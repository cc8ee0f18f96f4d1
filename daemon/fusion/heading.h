/*
 * How well the heading is known: the standard deviation of the 9D heading, which VQF itself does not give
 * (ours). While the field is left out, the part of the gyroscope's bias that is not known turns the heading
 * one way; while it is followed, the heading is as good as the headings of the field, which err together
 * rather than each for itself, so that averaging does not make them better.
 */
#ifndef DAEMON_FUSION_HEADING_H
#define DAEMON_FUSION_HEADING_H

struct heading_sigma {
	double rad; /* of the heading; pi / sqrt(3), any heading at all, before the first field */
	double field; /* variance of the field's headings about it, rad^2 */
};

void heading_sigma_init(struct heading_sigma *s);

/* @dt_s went by, in which the rate about the vertical was wrong by @bias_sigma, rad/s. */
void heading_sigma_wait(struct heading_sigma *s, double bias_sigma, double dt_s);

/*
 * A field pointed @off_rad away from the heading, which followed it by the share @gain, 0 to 1.
 * @weight, 0 to 1, is the share of this field in the variance of fields.
 */
void heading_sigma_field(struct heading_sigma *s, double off_rad, double gain,
			 double weight);

#endif
