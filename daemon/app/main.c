/* The daemon: starts things in order, stops them in reverse. */
int main(void)
{
	return 0;
}
